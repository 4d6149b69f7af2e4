"""An S3 server on loopback (moto) with the files of a folder in its bucket `bucket`, below `sds/`.

    python s3_server.py FOLDER

Prints its address. A line `KEY<TAB>FILE` on standard input moves a file there; it ends with its standard input.
"""

import sys
from pathlib import Path

import boto3
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
address = "http://{}:{}".format(*server.get_host_and_port())
client = boto3.client(
    "s3", endpoint_url=address, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
)
client.create_bucket(Bucket="bucket")
folder = Path(sys.argv[1])
for path in sorted(folder.rglob("*")):
    if path.is_file():
        client.upload_file(str(path), "bucket", "sds/" + path.relative_to(folder).as_posix())
print(address, flush=True)
for line in sys.stdin:
    key, path = line.rstrip("\n").split("\t")
    client.upload_file(path, "bucket", key)
    Path(path).unlink()
server.stop()
