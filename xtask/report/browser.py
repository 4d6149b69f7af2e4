"""A headless Chromium, spoken to in its own protocol (https://chromedevtools.github.io/devtools-protocol/)."""

import base64
import json
import os
import re
import shutil
import subprocess
from tempfile import TemporaryDirectory

import websocket

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]


def find():
    """The program: that of QUAKEBOOK_CHROMIUM, or one on the path; None where there is none."""
    return os.environ.get("QUAKEBOOK_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One page in a browser of its own. Keeps what the page complained of, and every address that it asked for."""

    def __init__(self, program):
        self.profile = TemporaryDirectory(ignore_cleanup_errors=True)
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "--remote-allow-origins=*",
                   "--autoplay-policy=no-user-gesture-required", "--mute-audio", f"--user-data-dir={self.profile.name}", "about:blank"]
        self.process = subprocess.Popen([program, *options], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        address = next((m[1] for line in self.process.stderr if (m := re.search(r"DevTools listening on (\S+)", line))), None)
        if address is None:
            raise RuntimeError(f"{program}: expected that it tells its address, found that it ended: start it by hand to see why")
        self.socket = websocket.create_connection(address, timeout=60)
        self.n, self.session, self.complaints, self.requests, self.loaded = 0, None, [], [], False
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ["Page", "Runtime", "Log", "Network"]:
            self.call(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        self.process.terminate()
        self.process.wait()
        self.process.stderr.close()
        self.profile.cleanup()

    def call(self, method, **parameters):
        self.n += 1
        message = {"id": self.n, "method": method, "params": parameters}
        self.socket.send(json.dumps(message | ({"sessionId": self.session} if self.session else {})))
        while (answer := self._next()).get("id") != self.n:
            pass
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def _next(self):
        message = json.loads(self.socket.recv())
        method, of = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            detail = of["exceptionDetails"]
            self.complaints.append(detail.get("exception", {}).get("description", detail["text"]))
        elif method == "Log.entryAdded" and of["entry"]["level"] == "error":
            self.complaints.append(f"{of['entry']['text']} {of['entry'].get('url', '')}")
        elif method == "Runtime.consoleAPICalled" and of["type"] in ("error", "assert"):
            self.complaints.append(str([one.get("value", one.get("description")) for one in of["args"]]))
        elif method == "Network.requestWillBeSent":
            self.requests.append(of["request"]["url"])
        elif method == "Page.loadEventFired":
            self.loaded = True
        return message

    def open(self, address, width, height=900):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.loaded = False
        if "loaderId" not in self.call("Page.navigate", url=address):
            return  # Another place on the same page.
        while not self.loaded:
            self._next()

    def run(self, script):
        """The value of a script; a promise is waited for."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            detail = answer["exceptionDetails"]
            raise RuntimeError(f"{script[:80]}: {detail.get('exception', {}).get('description', detail['text'])}")
        return answer["result"].get("value")

    def picture(self, path):
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))
