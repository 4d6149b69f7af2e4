// Draws the pieces that answer to the reader, in JupyterLab and on the site. Each piece is a <div class="quakebook-interactive">
// with its data as JSON inside; `src/plot/interactive.rs` says what they are. Needs nothing but the browser. The data may
// have `words`, which a report in another language has put there: from what `word` is called with here to that language.
(() => {
  "use strict";
  const INK = "#1e1e1e", GREY = "#828282", FAINT = "#e1e1e1", MARK = "#d55e00";
  const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#e69f00", "#56b4e9", "#cc79a7"];

  // ---- Elements

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function shape(name, attributes = {}, words = "") {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = words;
    return made;
  }

  const text = (x, y, words, more = {}) => shape("text", { x, y, fill: INK, "font-size": 13, ...more }, words);

  /** Gives English words in the language of the page; each `{}` is the next of the values, `{1}` the second. */
  const worded = (words = {}) => (english, ...values) => {
    let next = 0;
    return (words[english] ?? english).replace(/\{(\d*)\}/g, (_, i) => values[i === "" ? next++ : +i]);
  };

  /** A slider with its name and what it stands at; `change` is called with each new value. */
  function slider(host, name, range, say, change) {
    const input = element("input", { type: "range", name, ...range, style: "flex:1; min-width:8em" });
    const value = element("output", { style: "min-width:9em" }, say(+input.value));
    const row = element("label", { style: "display:flex; flex-wrap:wrap; gap:.6em; align-items:center; margin:.3em 0" }, name, input, value);
    input.addEventListener("input", () => { value.textContent = say(+input.value); change(+input.value); });
    host.append(row);
    return input;
  }

  // ---- Axes

  /** Round numbers from `low` to `high`, about `n` of them, and two at least. */
  function ticks(low, high, n) {
    const rough = (high - low) / n, unit = 10 ** Math.floor(Math.log10(rough));
    const step = unit * [1, 2, 5, 10].find((m) => m * unit >= rough * 0.999);
    const first = Math.ceil(low / step - 1e-9), count = Math.floor(high / step + 1e-9) - first + 1;
    if (count < 2 && n < 64) return ticks(low, high, 2 * n);
    return Array.from({ length: count }, (_, i) => +((first + i) * step).toPrecision(12));
  }

  /** An empty chart as wide as its host: `root` to draw on, `x` and `y` from values to pixels. An axis is {name, low, high, ticks}. */
  function chart(host, x, y, height = 300) {
    const width = Math.max(280, Math.min(700, host.clientWidth || 700));
    const left = 62, right = width - 14, top = 12, bottom = height - 46;
    const root = shape("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", style: "background:#fff; display:block; max-width:100%; font-family:'DejaVu Sans',Verdana,sans-serif" });
    const at = (axis, from, to) => (value) => from + ((value - axis.low) / (axis.high - axis.low)) * (to - from);
    const [toX, toY] = [at(x, left, right), at(y, bottom, top)];
    const n = width < 500 ? 4 : 8;
    for (const [value, words] of x.ticks || ticks(x.low, x.high, n).map((v) => [v, v])) {
      root.append(shape("line", { x1: toX(value), x2: toX(value), y1: top, y2: bottom, stroke: FAINT }));
      root.append(text(toX(value), bottom + 17, words, { "text-anchor": "middle" }));
    }
    for (const value of ticks(y.low, y.high, 4)) {
      root.append(shape("line", { x1: left, x2: right, y1: toY(value), y2: toY(value), stroke: FAINT }));
      root.append(text(left - 6, toY(value) + 4, Math.abs(value) >= 1e4 ? value.toExponential(0) : value, { "text-anchor": "end" }));
    }
    root.append(shape("rect", { x: left, y: top, width: right - left, height: bottom - top, fill: "none", stroke: INK }));
    root.append(text((left + right) / 2, height - 8, x.name, { "text-anchor": "middle" }));
    root.append(text(0, 0, y.name, { "text-anchor": "middle", transform: `translate(14 ${(top + bottom) / 2}) rotate(-90)` }));
    return { root, x: toX, y: toY, top, bottom };
  }

  function path(on, points, attributes) {
    const d = points.map(([x, y], i) => `${i ? "L" : "M"}${on.x(x).toFixed(1)} ${on.y(y).toFixed(1)}`).join("");
    on.root.append(shape("path", { d, fill: "none", "stroke-width": 1.2, ...attributes }));
  }

  function upright(on, x, attributes = {}) {
    on.root.append(shape("line", { x1: on.x(x), x2: on.x(x), y1: on.top, y2: on.bottom, stroke: MARK, "stroke-dasharray": "5 4", ...attributes }));
  }

  // ---- Threshold against alarms

  /** Each detector's recall at the rate of alarms that the reader can bear. */
  function operating(host, data, place, word) {
    const low = 0.3 / data.hours, high = 30;
    const axis = { name: word("alarms an hour"), low: Math.log10(low), high: Math.log10(high), ticks: [[Math.log10(low), 0], ...[0.1, 1, 10].filter((v) => v > 2 * low).map((v) => [Math.log10(v), v])] };
    const column = (n) => Math.log10(Math.min(high, Math.max(low, n / data.hours)));
    let rate = 1;
    // The best that a detector does with at most so many alarms: the last point of its curve that keeps to it. So its curve is a
    // staircase. Where no lower threshold was tried the last stair goes on, dashed.
    const stairs = (points) => {
      let most = 0;
      return points.filter(([n]) => n / data.hours <= high).flatMap(([n, found], i) => {
        const before = most / data.n_events;
        most = Math.max(most, found);
        const step = [column(n), most / data.n_events];
        return i ? [[column(n), before], step] : [step];
      });
    };
    const best = (points) => points.filter(([n]) => n <= rate * data.hours + 1e-9).reduce((a, b) => (b[1] > a[1] ? b : a), [0, 0]);
    const at = () => Math.max(axis.low, Math.log10(rate));
    const rows = element("div");
    const draw = () => {
      const on = chart(place, axis, { name: word("recall"), low: 0, high: 1 });
      rows.replaceChildren();
      data.detectors.forEach(({ name, points }, i) => {
        const colour = COLOURS[i % COLOURS.length];
        const stair = stairs(points);
        path(on, stair, { stroke: colour, "stroke-width": 2 });
        if (stair.length) path(on, [stair.at(-1), [axis.high, stair.at(-1)[1]]], { stroke: colour, "stroke-dasharray": "2 4" });
        const [n, found] = best(points);
        on.root.append(shape("circle", { cx: on.x(at()), cy: on.y(found / data.n_events), r: 5, fill: colour }));
        const share = Math.round((100 * found) / data.n_events);
        rows.append(element("div", {}, element("span", { style: `color:${colour}` }, "⬤ "), word("{}: finds {} of {} ({} %), with {} alarms", name, found, data.n_events, share, n)));
      });
      upright(on, at());
      place.replaceChildren(on.root);
    };
    const say = (value) => word("{} an hour", (10 ** value).toFixed(2));
    slider(host, word("alarms that you can bear"), { min: -0.9, max: Math.log10(high), step: 0.01, value: 0 }, say, (value) => { rate = 10 ** value; draw(); });
    host.append(rows);
    return draw;
  }

  // ---- k-means, a step at a time

  /** Each round has two steps: points go to the nearest centroid, then centroids go to the middle of their points. */
  function rounds(host, data, place, word) {
    const steps = data.rounds.flatMap((round, i) => {
      const before = i ? data.rounds[i - 1].labels : null;
      return [{ centroids: round.centroids, labels: before, words: i ? word("round {}: the centroids move", i + 1) : word("round {}: the centroids at the start", 1) },
        { centroids: round.centroids, labels: round.labels, words: word("round {}: each point to its nearest centroid", i + 1) }];
    });
    const all = [...data.points, ...data.rounds.flatMap((round) => round.centroids)];
    const around = (i) => {
      const values = all.map((p) => p[i]), low = Math.min(...values), room = 0.08 * (Math.max(...values) - low || 1);
      return { name: "xy"[i], low: low - room, high: Math.max(...values) + room };
    };
    let step = 0;
    const draw = () => {
      const on = chart(place, around(0), around(1), 340);
      const { centroids, labels } = steps[step];
      data.points.forEach(([x, y], i) => {
        const colour = labels ? COLOURS[labels[i] % COLOURS.length] : GREY;
        on.root.append(shape("circle", { cx: on.x(x), cy: on.y(y), r: 5, fill: colour }));
      });
      centroids.forEach(([x, y], i) => {
        const [u, v] = [on.x(x), on.y(y)];
        on.root.append(shape("path", { d: `M${u - 7} ${v - 7}L${u + 7} ${v + 7}M${u - 7} ${v + 7}L${u + 7} ${v - 7}`, stroke: INK, "stroke-width": 5 }));
        on.root.append(shape("path", { d: `M${u - 7} ${v - 7}L${u + 7} ${v + 7}M${u - 7} ${v + 7}L${u + 7} ${v - 7}`, stroke: COLOURS[i % COLOURS.length], "stroke-width": 2 }));
      });
      place.replaceChildren(on.root);
    };
    const input = slider(host, word("step"), { min: 0, max: steps.length - 1, step: 1, value: 0 }, (value) => steps[value].words, (value) => { step = value; draw(); });
    const next = element("button", { type: "button" }, word("next step"));
    next.addEventListener("click", () => { input.value = (step + 1) % steps.length; input.dispatchEvent(new Event("input", { bubbles: true })); });
    host.append(next);
    return draw;
  }

  // ---- A filter's corners against the wave, and the wave to be heard

  /** One section of second order after Bristow-Johnson's Audio EQ Cookbook, over the samples from the first to the last. */
  function section(samples, rate_hz, corner_hz, q, high) {
    const w = (2 * Math.PI * corner_hz) / rate_hz, c = Math.cos(w), alpha = Math.sin(w) / (2 * q), a0 = 1 + alpha;
    const b0 = (high ? 1 + c : 1 - c) / 2 / a0, b1 = (high ? -2 : 2) * b0, a1 = (-2 * c) / a0, a2 = (1 - alpha) / a0;
    let [x1, x2, y1, y2] = [0, 0, 0, 0];
    return samples.map((x) => {
      const y = b0 * x + b1 * x1 + b0 * x2 - a1 * y1 - a2 * y2;
      [x2, x1, y2, y1] = [x1, x, y1, y];
      return y;
    });
  }

  /** Butterworth's band-pass of order four at each corner: two sections with these qualities. */
  function bandpass(samples, rate_hz, low_hz, high_hz, bothWays) {
    const once = (values) => [0.5412, 1.3066].reduce((v, q) => section(section(v, rate_hz, low_hz, q, true), rate_hz, high_hz, q, false), values);
    return bothWays ? once(once(samples).reverse()).reverse() : once(samples);
  }

  /** The samples as a sound file, so many times faster than the ground moved; the ends are faded. */
  function wav(samples, rate_hz, speed) {
    const out_hz = 22050, n = Math.floor(((samples.length - 1) / rate_hz / speed) * out_hz);
    const largest = Math.max(1e-12, ...samples.map(Math.abs)), fade = Math.min(400, n / 4);
    const view = new DataView(new ArrayBuffer(44 + 2 * n));
    const word = (at, letters) => [...letters].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
    word(0, "RIFF"); view.setUint32(4, 36 + 2 * n, true); word(8, "WAVEfmt "); view.setUint32(16, 16, true);
    view.setUint16(20, 1, true); view.setUint16(22, 1, true); view.setUint32(24, out_hz, true); view.setUint32(28, 2 * out_hz, true);
    view.setUint16(32, 2, true); view.setUint16(34, 16, true); word(36, "data"); view.setUint32(40, 2 * n, true);
    for (let i = 0; i < n; i++) {
      const at = (i / out_hz) * speed * rate_hz, j = Math.floor(at);
      const value = samples[j] + (at - j) * ((samples[j + 1] ?? samples[j]) - samples[j]);
      view.setInt16(44 + 2 * i, (32000 * value / largest) * Math.min(1, i / fade, (n - i) / fade), true);
    }
    return new Blob([view.buffer], { type: "audio/wav" });
  }

  function wave(host, data, place, word) {
    const rate_hz = data.sampling_rate_hz, mean = data.samples.reduce((a, b) => a + b, 0) / data.samples.length;
    const raw = data.samples.map((v) => (v - mean) * data.scale_counts), duration_s = raw.length / rate_hz;
    // Sliders move along the logarithm of the frequency.
    const lowest = Math.log10(0.1), highest = Math.log10(0.45 * rate_hz);
    let [low, high, speed, bothWays] = [Math.log10(Math.min(2, 0.02 * rate_hz)), Math.log10(0.2 * rate_hz), 30, true];
    const sound = element("audio", { controls: "", style: "max-width:100%" });
    let address = "";
    const draw = () => {
      const filtered = bandpass(raw, rate_hz, 10 ** low, Math.max(10 ** high, 1.05 * 10 ** low), bothWays);
      const largest = 1.05 * Math.max(1e-9, ...filtered.map(Math.abs));
      const name = word("time (s); heard in {} s", (duration_s / speed).toFixed(2));
      const on = chart(place, { name, low: 0, high: duration_s }, { name: word("{} (counts)", data.channel), low: -largest, high: largest });
      const points = (values) => values.map((v, i) => [i / rate_hz, Math.max(-largest, Math.min(largest, v))]);
      path(on, points(raw), { stroke: "#c8c8c8" });
      path(on, points(filtered), { stroke: COLOURS[0] });
      for (const [time_s, words] of data.marks) {
        upright(on, time_s);
        on.root.append(text(on.x(time_s) + 3, on.top + 12, words, { fill: MARK }));
      }
      place.replaceChildren(on.root);
      URL.revokeObjectURL(address);
      address = URL.createObjectURL(wav(filtered, rate_hz, speed));
      sound.src = address;
    };
    const hertz = (value) => `${(10 ** value).toPrecision(2)} Hz`;
    const range = (value) => ({ min: lowest, max: highest, step: 0.01, value });
    slider(host, word("pass from"), range(low), hertz, (value) => { low = value; draw(); });
    slider(host, word("pass to"), range(high), hertz, (value) => { high = value; draw(); });
    slider(host, word("faster by"), { min: 10, max: 120, step: 1, value: speed }, (value) => word("{} times", value), (value) => { speed = value; draw(); });
    const box = element("input", { type: "checkbox" });
    box.addEventListener("input", () => { bothWays = !box.checked; draw(); });
    host.append(element("label", { style: "display:block; margin:.3em 0" }, box, " ", word("forwards only (causal)")), sound);
    return draw;
  }

  // ---- Finds the pieces of the page

  const kinds = { operating, rounds, wave };

  function start() {
    document.querySelectorAll(".quakebook-interactive:not([data-kind])").forEach((host) => {
      const data = JSON.parse(host.querySelector("script").textContent);
      host.dataset.kind = data.kind;
      host.style.cssText = "max-width:700px; margin:.8em 0 1.6em; padding:.6em; border:1px solid #e1e1e1; background:#fff; color:#1e1e1e";
      const place = element("div");
      host.append(element("b", {}, data.title), place);
      const draw = kinds[data.kind](host, data, place, worded(data.words));
      if (data.source) host.append(element("small", { style: "display:block; margin-top:.4em" }, data.source));
      draw();
      let width = place.clientWidth;
      new ResizeObserver(() => { if (place.clientWidth !== width) { width = place.clientWidth; draw(); } }).observe(host);
    });
  }

  window.quakebookPieces = { bandpass, wav };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
