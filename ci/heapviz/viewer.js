// viewer.js - draws one or two traces and follows keys and mouse. The state is model.js's.

const ROWS = 32, ROW_HEIGHT = 11, GUTTER = 74, TREE_ROW = 15, LOG_LINES = 9, COLOURS = 8, PALE = .3;
const KINDS = { A: "alloc", F: "free", R: "realloc", X: "failed", S: "split", s: "split", M: "merge",
  m: "merge", T: "take", U: "give back", G: "grow" };
const SERIES = [["user", "Live"], ["allocated", "Allocated"], ["largest", "Largest free"]];
const SHARES = [["internal", "Internal fragm."], ["external", "External fragm."]];

const palette = {}; // CSS colours by name, for the canvases
let columns = [], active = null, colourBySize = true;
const byId = (id) => document.getElementById(id);

// Words --------------------------------------------------------------------------------------------

const count = (number) => number.toLocaleString("en");
const plural = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;

function bytes(number) {
  for (const [unit, name] of [[2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"]])
    if (number >= unit) return `${+(number / unit).toFixed(number % unit ? 1 : 0)} ${name}`;
  return `${number} B`;
}

// A place in the heap, to the byte.
function place(offset) {
  for (const [unit, name] of [[2 ** 20, "MiB"], [2 ** 10, "KiB"]])
    if (offset > 0 && offset % unit === 0) return `+${count(offset / unit)} ${name}`;
  return `+${count(offset)} B`;
}

// Pieces of drawing ---------------------------------------------------------------------------------

// A canvas as wide as its place; returns its context, in CSS pixels, and its width.
function fit(canvas, height) {
  const width = Math.max(200, canvas.parentElement.clientWidth), scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  context.font = '11px system-ui, "DejaVu Sans", sans-serif';
  context.textBaseline = "middle";
  return [context, width];
}

function readPalette() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["text", "dim", "line", "free", "void", "slab", "edge", "split", "mark", "panel", "accent", "hatch",
    "live", "allocated", "largest", "internal", "external"])
    palette[name] = style.getPropertyValue(`--${name}`).trim();
  for (const set of "cs")
    for (let i = 0; i < COLOURS; i++) palette[set + i] = style.getPropertyValue(`--${set}${i}`).trim();
  const tile = document.createElement("canvas");
  tile.width = tile.height = 6;
  const context = tile.getContext("2d");
  context.strokeStyle = palette.hatch;
  context.lineWidth = 1.6;
  context.beginPath();
  for (const shift of [-6, 0, 6]) { context.moveTo(shift, 6); context.lineTo(shift + 6, 0); }
  context.stroke();
  palette.slack = context.createPattern(tile, "repeat");
}

// One trace on the page -----------------------------------------------------------------------------

class Column {
  constructor(data) {
    this.trace = new Trace(data);
    this.state = new State(this.trace);
    this.state.listener = this;
    // For the test: what the last drawing took, and all of them.
    this.work = { replayed: 0, blocks: 0, rows: 0, seeks: 0, draws: 0 };
    this.wanted = null; // where the slider was dragged to since the last frame
    this.selected = -1; // a block; -1: that of the current event
    this.playing = 0;
    this.element = byId("column").content.cloneNode(true).querySelector("section");
    this.find = (selector) => this.element.querySelector(selector);
    this.rankSites();
    this.makeLists();
    const { trace } = this, slider = this.find(".slider");
    slider.max = trace.count;
    this.find(".title").textContent = `${trace.allocator} · ${trace.title}`;
    if (trace.dropped > 0) {
      const notice = this.find(".notice");
      notice.hidden = false;
      notice.textContent = `The ring was full: ${plural(trace.dropped, "older event")} dropped. Blocks from before that live on are not shown.`;
    }
    this.find(".buddies").hidden = !trace.hasOrders;
    if (!trace.hasOrders)
      this.find(".lists-title").textContent = trace.sizesKnown ? "Free runs by size" : "Gaps between live blocks, by size";
    slider.addEventListener("input", () => this.goSoon(+slider.value));
    this.element.addEventListener("focusin", () => { active = this; });
    this.element.addEventListener("pointerdown", () => { active = this; });
    this.element.addEventListener("click", (event) => this.clicked(event.target.closest("button")));
    this.listenToMap(this.find(".map"), (x, y) => this.addressInMap(x, y));
    this.listenToMap(this.find(".tree"), (x, y) => this.addressInTree(x, y));
    const curves = this.find(".curves");
    const scrub = (event) => {
      const x = event.clientX - curves.getBoundingClientRect().left;
      this.goSoon(Math.round((x - GUTTER) / (this.width - GUTTER - 8) * trace.count));
    };
    curves.addEventListener("pointerdown", (event) => { curves.setPointerCapture(event.pointerId); scrub(event); });
    curves.addEventListener("pointermove", (event) => { if (event.buttons) scrub(event); });
    this.setView(0);
  }

  // A slider that is dragged may report more places than there are frames: only the last counts.
  goSoon(position) {
    this.wanted = position;
    schedule();
  }

  clicked(button) {
    if (button === null) return;
    const { go: to, zoom, block } = button.dataset;
    if (button.classList.contains("play")) togglePlay(this);
    if (to) go(this, to === "start" ? 0 : to === "end" ? this.trace.count : this.state.position + +to);
    if (zoom) this.setView(zoom === "all" ? zoom : +zoom);
    if (block) this.selectNext(+block);
  }

  // Colours: by size, or the call sites with most events first.
  rankSites() {
    const uses = new Map();
    for (const stack of this.trace.stack) {
      const site = this.trace.sites[stack];
      uses.set(site, (uses.get(site) ?? 0) + 1);
    }
    uses.delete(-1);
    this.sites = [...uses].sort((x, y) => y[1] - x[1]).slice(0, COLOURS - 1).map(([site]) => site);
  }

  colourOfSize(size) { return palette["c" + Math.min(COLOURS - 1, Math.max(0, Math.ceil(Math.log2(size)) - 4))]; }

  colourOfSlab(slab) {
    return colourBySize && slab.object > 0 ? this.colourOfSize(slab.object) : palette.slab;
  }

  colourOf(block) {
    if (colourBySize) return this.colourOfSize(block.size);
    const place = this.sites.indexOf(block.stack < 0 ? -1 : this.trace.sites[block.stack]);
    return palette["s" + (place < 0 ? COLOURS - 1 : place)];
  }

  showLegend() {
    const swatch = (colour, text) => `<li><i style="background:var(--${colour})"></i>${text}</li>`;
    const bySize = ["≤ 16 B", "32 B", "64 B", "128 B", "256 B", "512 B", "1 KiB", "more"];
    const bySite = [...this.sites.map((site) => `${this.trace.names[site]}()`), "others"];
    const live = colourBySize ? bySize.map((text, i) => swatch("c" + i, text))
      : bySite.map((text, i) => swatch("s" + (i === bySite.length - 1 ? COLOURS - 1 : i), text));
    this.find(".map-legend").innerHTML = live.join("") + '<li><i class="slack"></i>slack in a block</li>' + swatch("free", this.trace.sizesKnown ? "free" : "free, or lost until all is freed") +
      (this.hasPieces() ? swatch("slab", "set apart, to be cut or used again") + '<li><i class="pale"></i>free in a slab, paler than its objects</li>' : "") +
      (this.trace.dropped ? swatch("void", "not known") : "");
  }

  hasPieces() { return this.trace.kind.includes(T) || this.trace.apart.length > 0 || this.trace.slabs.length > 0; }

  // The map: rows of memory, each with what lies in it ------------------------------------------------

  // zoom: 0 the used part, "all", or steps in (+1) and out (-1) around the middle of what is shown.
  setView(zoom) {
    const power = (value) => 2 ** Math.ceil(Math.log2(Math.max(value, 1024)));
    const step = Math.max(32, power(this.trace.size / ROWS) / 16); // of a row, so that it is a round number
    const whole = Math.ceil(this.trace.size / ROWS / step) * step * ROWS, view = this.view;
    if (zoom === 0) this.view = this.usedPart(power, whole);
    else if (zoom === "all") this.view = { start: 0, length: whole };
    else {
      const length = Math.min(whole, Math.max(1024, view.length / 2 ** zoom));
      const block = this.shownBlock(), middle = block && zoom > 0 ? block.address : view.start + view.length / 2;
      const start = Math.floor((middle - length / 2) / (length / 4)) * (length / 4);
      this.view = { start: Math.max(0, Math.min(whole - length, start)), length };
    }
    this.rowBytes = this.view.length / ROWS;
    this.find(".map-scale").textContent =
      `${bytes(this.view.length)} from base ${place(this.view.start)}, a row is ${bytes(this.rowBytes)}`;
    this.rebuild();
    this.layoutDone = false;
    schedule();
  }

  // The smallest window, beginning at a quarter of its length, in which all blocks ever lay.
  usedPart(power, whole) {
    const low = Math.min(...this.trace.used), high = this.trace.used[1];
    for (let length = power(high - low); length < whole; length *= 2) {
      const start = Math.floor(low / (length / 4)) * (length / 4);
      if (high <= start + length) return { start, length };
    }
    return { start: 0, length: whole };
  }

  rebuild() {
    const rows = () => Array.from({ length: ROWS }, () => new Set());
    this.rowsLive = rows(); this.rowsFree = rows(); this.rowsApart = rows(); this.rowsSlab = rows();
    this.dirty = new Set(Array(ROWS).keys());
    for (const id of this.state.live) this.live(id, true);
    for (const [address, order] of this.state.free) this.free(address, order, true);
    for (const [address, length] of this.state.apart) this.apart(address, length, true);
    for (const [address, slab] of this.state.slabs) this.slab(address, slab.bytes, true);
  }

  mark(rows, key, address, length, on) {
    const first = Math.max(0, Math.floor((address - this.view.start) / this.rowBytes));
    const last = Math.min(ROWS - 1, Math.ceil((address + length - this.view.start) / this.rowBytes) - 1);
    for (let row = first; row <= last; row++) {
      if (on) rows[row].add(key); else rows[row].delete(key);
      this.dirty.add(row);
    }
  }

  live(id, on) {
    const block = this.trace.blocks[id];
    this.mark(this.rowsLive, id, block.address, Math.max(block.block, 1), on);
  }

  free(address, order, on) { this.mark(this.rowsFree, address, address, this.trace.granule * 2 ** order, on); }
  apart(address, length, on) { this.mark(this.rowsApart, address, address, length, on); }
  slab(address, length, on) { this.mark(this.rowsSlab, address, address, length, on); }

  // What lies in a row, by address: where a pixel has several blocks, the first is seen, always the same,
  // and a row never takes more than its pixels.
  sorted(addresses) { return [...addresses].sort((x, y) => x - y); }
  sortedLive(row) {
    const { blocks } = this.trace;
    return [...this.rowsLive[row]].sort((x, y) => blocks[x].address - blocks[y].address);
  }

  // The part of [address, address + length) in a row, as pixels; null where there is none.
  span(row, address, length) {
    const start = this.view.start + row * this.rowBytes;
    const low = Math.max(address, start), high = Math.min(address + length, start + this.rowBytes);
    if (low >= high) return null;
    const scale = (this.width - GUTTER) / this.rowBytes;
    const left = Math.round(GUTTER + (low - start) * scale);
    return [left, Math.max(left + 1, Math.round(GUTTER + (high - start) * scale)) - left];
  }

  drawRow(row) {
    const context = this.mapContext, top = row * ROW_HEIGHT, height = ROW_HEIGHT - 1, trace = this.trace;
    const fill = (colour, address, length, edge) => {
      const span = this.span(row, address, length);
      if (span === null) return;
      const gap = edge && span[1] > 3 ? 1 : 0;
      context.fillStyle = colour;
      context.fillRect(span[0], top, span[1] - gap, height);
      this.work.blocks++;
    };
    context.fillStyle = palette.panel;
    context.fillRect(GUTTER, top, this.width, ROW_HEIGHT);
    fill(palette.void, 0, trace.size, false);
    if (!trace.hasOrders && !trace.dropped)
      for (const [start, length, event] of trace.regions)
        if (event <= this.state.position) fill(palette.free, start, length, false);
    for (const address of this.sorted(this.rowsFree[row]))
      fill(palette.free, address, trace.granule * 2 ** this.state.free.get(address), true);
    for (const address of this.sorted(this.rowsApart[row])) fill(palette.slab, address, this.state.apart.get(address), true);
    for (const address of this.sorted(this.rowsSlab[row])) {
      const slab = this.state.slabs.get(address);
      fill(palette.panel, address, slab.bytes, false);
      context.globalAlpha = PALE;
      fill(this.colourOfSlab(slab), address, slab.bytes, true);
      context.globalAlpha = 1;
    }
    let drawn = 0; // up to this pixel
    for (const id of this.sortedLive(row)) {
      const block = trace.blocks[id], length = Math.max(block.block, block.size);
      const [left, wide] = this.span(row, block.address, length) ?? [0, 0];
      if (left + wide <= drawn) continue;
      drawn = left + wide;
      fill(this.colourOf(block), block.address, length, true);
      if (block.block > block.size && wide > 2) fill(palette.slack, block.address + block.size, block.block - block.size, true);
    }
    this.work.rows++;
  }

  // Outlines of the selected block and of what the current event was about, on a canvas above.
  drawMarks() {
    const context = this.marksContext;
    context.clearRect(0, 0, this.width, ROWS * ROW_HEIGHT);
    const outline = (address, length, colour, width) => {
      context.strokeStyle = colour;
      context.lineWidth = width;
      for (let row = 0; row < ROWS; row++) {
        const span = this.span(row, address, length);
        if (span) context.strokeRect(span[0] - .5, row * ROW_HEIGHT - .5, span[1] + 1, ROW_HEIGHT);
      }
    };
    const [address, length] = this.placeOf(this.state.position);
    if (length > 0) outline(address, length, palette.mark, 2);
    if (this.selected >= 0) {
      const block = this.trace.blocks[this.selected];
      outline(block.address, block.block, palette.text, 2);
    }
  }

  placeOf(event) {
    const { trace } = this, i = event - 1;
    if (event === 0 || trace.kind[i] === X) return [0, 0];
    if ([S, s, M, m].includes(trace.kind[i])) return [trace.address[i], trace.granule * 2 ** trace.block[i]];
    return [trace.address[i], [A, F, R].includes(trace.kind[i]) ? trace.block[i] : trace.asked[i]];
  }

  // The tree: a strip for each order, the largest on top; a block lies in the strip of its order, and
  // above it are the halved blocks that it is a part of.
  drawTree(rows) {
    const context = this.treeContext, { trace, view } = this, strips = trace.maxOrder + 1;
    const x = (address) => GUTTER + (address - view.start) / view.length * (this.treeWidth - GUTTER);
    const strip = (address, length, colour) => {
      const order = Math.min(trace.maxOrder, Math.max(0, Math.ceil(trace.orderOf(length))));
      const left = Math.max(GUTTER, x(address)), right = Math.max(left + .6, x(address + length));
      const top = (trace.maxOrder - order) * TREE_ROW;
      context.fillStyle = palette.panel;
      context.fillRect(left, top, right - left, strips * TREE_ROW - top);
      context.fillStyle = colour;
      context.fillRect(left, top, Math.max(.6, right - left - (right - left > 3 ? 1 : 0)), TREE_ROW - 1);
    };
    // A row of the map is a part of each strip.
    for (const row of rows) {
      const [low, high] = [row, row + 1].map((edge) => Math.round(x(view.start + edge * this.rowBytes)));
      context.save();
      context.beginPath();
      context.rect(low, 0, high - low, strips * TREE_ROW);
      context.clip();
      context.fillStyle = palette.split;
      context.fillRect(low, 0, high - low, strips * TREE_ROW);
      context.fillStyle = palette.panel;
      for (let i = 0; i < strips; i++) context.fillRect(low, (i + 1) * TREE_ROW - 1, high - low, 1);
      for (const address of this.sorted(this.rowsFree[row]))
        strip(address, trace.granule * 2 ** this.state.free.get(address), palette.largest);
      for (const address of this.sorted(this.rowsApart[row])) strip(address, this.state.apart.get(address), palette.slab);
      for (const address of this.sorted(this.rowsSlab[row])) strip(address, this.state.slabs.get(address).bytes, palette.slab);
      for (const id of this.sortedLive(row)) {
        const block = trace.blocks[id];
        if (!block.inside) strip(block.address, block.block, this.colourOf(block));
      }
      context.restore();
    }
  }

  // Sizes and axes: when the width, the theme or the view changes.
  layout() {
    const { trace } = this;
    this.layoutDone = true;
    [this.mapContext, this.width] = fit(this.find(".map .base"), ROWS * ROW_HEIGHT);
    [this.marksContext] = fit(this.find(".map .over"), ROWS * ROW_HEIGHT);
    this.mapContext.fillStyle = palette.dim;
    this.mapContext.textAlign = "right";
    for (let row = 0; row < ROWS; row += 4)
      this.mapContext.fillText(place(this.view.start + row * this.rowBytes), GUTTER - 8, row * ROW_HEIGHT + ROW_HEIGHT / 2);
    this.dirty = new Set(Array(ROWS).keys());
    if (trace.hasOrders) {
      [this.treeContext, this.treeWidth] = fit(this.find(".tree canvas"), (trace.maxOrder + 1) * TREE_ROW);
      this.treeContext.fillStyle = palette.dim;
      this.treeContext.textAlign = "right";
      for (let order = 0; order <= trace.maxOrder; order++)
        this.treeContext.fillText(`${order} · ${bytes(trace.granule * 2 ** order)}`, GUTTER - 6, (trace.maxOrder - order + .5) * TREE_ROW);
    }
    this.drawCurves();
    this.showLegend();
  }

  // Curves --------------------------------------------------------------------------------------------

  share(name, position) {
    const { user, allocated, largest, stats } = this.trace, free = stats.total - allocated[position];
    if (name === "internal") return allocated[position] ? (allocated[position] - user[position]) / allocated[position] : 0;
    return free > 0 ? Math.max(0, (free - largest[position]) / free) : 0;
  }

  drawCurves() {
    const TOP = 8, HIGH = 150, LOW = 90, BETWEEN = 24, BOTTOM = 34, { trace } = this;
    const [context, width] = fit(this.find(".curves .base"), TOP + HIGH + BETWEEN + LOW + BOTTOM);
    [this.cursorContext] = fit(this.find(".curves .over"), TOP + HIGH + BETWEEN + LOW + BOTTOM);
    this.curvesHeight = TOP + HIGH + BETWEEN + LOW;
    const inner = width - GUTTER - 8, floor = 3;
    const ceiling = Math.max(floor + 2, Math.ceil(Math.log2(trace.stats.total)));
    const plots = [
      { top: TOP, height: HIGH, series: SERIES, value: (name, p) => trace[name][p],
        share: (value) => value < 2 ** floor ? 0 : (Math.log2(value) - floor) / (ceiling - floor) },
      { top: TOP + HIGH + BETWEEN, height: LOW, series: SHARES, value: (name, p) => this.share(name, p), share: (value) => value },
    ];
    const tick = (plot, at, text) => {
      const y = Math.round(plot.top + plot.height * (1 - at)) + .5;
      context.strokeStyle = palette.line;
      context.lineWidth = 1;
      context.beginPath(); context.moveTo(GUTTER, y); context.lineTo(width - 8, y); context.stroke();
      context.fillStyle = palette.dim;
      context.textAlign = "right";
      context.fillText(text, GUTTER - 8, y);
    };
    tick(plots[0], 0, "0");
    const step = Math.max(2, Math.ceil((ceiling - floor) / 6));
    for (let power = floor + step; power <= ceiling; power += step)
      tick(plots[0], (power - floor) / (ceiling - floor), bytes(2 ** power));
    for (const percent of [0, 50, 100]) tick(plots[1], percent / 100, `${percent} %`);
    const y = this.curvesHeight + 10;
    context.fillStyle = palette.dim;
    const unit = 10 ** Math.floor(Math.log10(Math.max(1, trace.count / 4)));
    const every = unit * (trace.count / unit > 20 ? 5 : trace.count / unit > 8 ? 2 : 1);
    for (let event = 0; event <= trace.count; event += every) {
      context.textAlign = event === 0 ? "left" : "center";
      if (event < trace.count * .95) context.fillText(count(event), GUTTER + inner * event / Math.max(1, trace.count), y);
    }
    context.textAlign = "right";
    context.fillText("event →", width - 8, y + 13);
    context.textAlign = "left";
    context.fillText("bytes (log scale) above · share below", GUTTER, y + 13);
    for (const plot of plots)
      for (const [name] of plot.series) this.drawSeries(context, plot, name, inner);
  }

  // At most two points a pixel: the least and the most of the events in it.
  drawSeries(context, plot, name, inner) {
    const { trace } = this, y = (value) => plot.top + plot.height * (1 - plot.share(value));
    context.strokeStyle = palette[name === "user" ? "live" : name];
    context.lineWidth = 1.6;
    context.beginPath();
    for (let pixel = 0; pixel <= inner; pixel++) {
      const first = Math.floor(pixel / (inner + 1) * (trace.count + 1));
      const last = Math.max(first + 1, Math.floor((pixel + 1) / (inner + 1) * (trace.count + 1)));
      let least = Infinity, most = -Infinity;
      for (let position = first; position < last; position++) {
        const value = plot.value(name, position);
        least = Math.min(least, value); most = Math.max(most, value);
      }
      if (pixel === 0) context.moveTo(GUTTER, y(least)); else context.lineTo(GUTTER + pixel, y(least));
      if (most > least) context.lineTo(GUTTER + pixel, y(most));
    }
    context.stroke();
  }

  drawCursor() {
    const context = this.cursorContext, { trace } = this;
    const x = Math.round(GUTTER + (this.width - GUTTER - 8) * this.state.position / Math.max(1, trace.count)) + .5;
    context.clearRect(0, 0, this.width, this.curvesHeight + 8);
    context.strokeStyle = palette.mark;
    context.lineWidth = 1.5;
    context.beginPath(); context.moveTo(x, 2); context.lineTo(x, this.curvesHeight + 2); context.stroke();
  }

  // Text ----------------------------------------------------------------------------------------------

  makeLists() {
    const figure = ([name, text]) =>
      `<div><dt><i style="background:var(--${name === "user" ? "live" : name})"></i>${text}</dt><dd data-figure="${name}"></dd></div>`;
    this.find(".figures").innerHTML = [...SERIES, ...SHARES].map(figure).join("");
    this.find(".log").innerHTML = "<li></li>".repeat(LOG_LINES);
    const { trace } = this, row = (order) =>
      `<tr><td>${order}</td><td>${bytes(trace.granule * 2 ** order)}</td><td></td><td class="bar"><span></span></td></tr>`;
    this.find(".lists tbody").innerHTML =
      Array.from({ length: trace.maxOrder + 1 }, (_, i) => row(trace.maxOrder - i)).join("");
  }

  freeCounts() { return this.trace.hasOrders ? this.state.counts : this.state.runsByOrder(); }

  address(offset) { return "0x" + (BigInt(this.trace.base) + BigInt(offset)).toString(16); }

  functions(stack) {
    const names = stack < 0 ? [] : this.trace.stacks[stack].map((name) => this.trace.names[name]);
    return names.length ? names.map((name) => `${name}()`).join(" ← ") : "not known";
  }

  eventText(event) {
    const { trace } = this, i = event - 1, kind = String.fromCharCode(trace.kind[i]), stack = trace.stack[i];
    const site = trace.sites[stack] ?? -1, name = site < 0 ? "" : ` · ${trace.names[site]}()`;
    const at = ` at ${this.address(trace.address[i])}`;
    const parts = {
      X: () => ` ${bytes(trace.asked[i])}${name}`,
      R: () => ` to ${bytes(trace.asked[i])}${trace.old[i] === trace.address[i] ? " in place" : ", moved"}${at}${name}`,
      T: () => ` ${bytes(trace.asked[i])}${trace.block[i] ? ` for objects of ${count(trace.block[i])} B` : " apart"}${at}`,
    };
    const about = parts[kind] ?? ("SsMm".includes(kind) ? () => ` order ${trace.block[i]}${at}`
      : () => ` ${bytes(trace.asked[i])}${at}${name}`);
    return `${count(event)}  ${KINDS[kind]}${about()}`;
  }

  moment(event) {
    if (event === 0) return "before the trace";
    return `event ${count(event)} (${count(this.trace.time[event - 1])} ${this.trace.unit})`;
  }

  blockText(id) {
    const block = this.trace.blocks[id], { trace } = this, slack = block.block - block.size;
    const died = block.died <= trace.count ? block.died : 0;
    const lived = block.born > 0 ? trace.time[(died || trace.count) - 1] - trace.time[block.born - 1] : 0;
    return [
      `Address ${this.address(block.address)}`,
      `Size ${count(block.size)} B in a block of ${count(block.block)} B: ${count(slack)} B of slack`,
      block.from >= 0 ? `Was ${count(trace.blocks[block.from].size)} B at ${this.address(trace.blocks[block.from].address)}` : "",
      `Born at ${this.moment(block.born)}`,
      died ? `Died at ${this.moment(died)}` : "Live at the end of the trace",
      block.born > 0 ? `Lifetime ${count(lived)} ${trace.unit}${died ? "" : " so far"}` : "",
      `Called by ${this.functions(block.stack)}`,
    ].filter(Boolean).join("\n");
  }

  shownBlock() {
    const id = this.shownId();
    return id < 0 ? null : this.trace.blocks[id];
  }

  shownId() {
    if (this.selected >= 0) return this.selected;
    const { begun, ended } = this.trace, position = this.state.position;
    return begun[position] >= 0 ? begun[position] : ended[position];
  }

  // What the map says at an address: a live block, or what else lies there.
  whatIsAt(address) {
    const row = Math.floor((address - this.view.start) / this.rowBytes);
    if (row < 0 || row >= ROWS || address >= this.trace.size) return { id: -1, text: "" };
    for (const id of this.rowsLive[row]) {
      const block = this.trace.blocks[id];
      if (address >= block.address && address < block.address + block.block) return { id, text: this.blockText(id) };
    }
    for (const start of this.rowsFree[row]) {
      const order = this.state.free.get(start), length = this.trace.granule * 2 ** order;
      if (address >= start && address < start + length)
        return { id: -1, text: `Free block of order ${order}, ${bytes(length)}\nAddress ${this.address(start)}` };
    }
    for (const start of this.rowsSlab[row]) {
      const slab = this.state.slabs.get(start), objects = slab.object ? ` for objects of ${count(slab.object)} B` : "";
      if (address >= start && address < start + slab.bytes)
        return { id: -1, text: `Free in a slab${objects}\nSlab of ${bytes(slab.bytes)} at ${this.address(start)}` };
    }
    for (const start of this.rowsApart[row])
      if (address >= start && address < start + this.state.apart.get(start))
        return { id: -1, text: `Set apart, ${bytes(this.state.apart.get(start))}\nAddress ${this.address(start)}` };
    return { id: -1, text: this.trace.hasOrders || this.trace.dropped ? "" : `Free\nAddress ${this.address(Math.floor(address))}` };
  }

  addressInMap(x, y) {
    if (x < GUTTER) return -1;
    return this.view.start + (Math.floor(y / ROW_HEIGHT) + (x - GUTTER) / (this.width - GUTTER)) * this.rowBytes;
  }

  addressInTree(x) {
    if (x < GUTTER) return -1;
    return this.view.start + (x - GUTTER) / (this.treeWidth - GUTTER) * this.view.length;
  }

  listenToMap(element, addressAt) {
    const found = (event) => {
      const place = element.getBoundingClientRect();
      return this.whatIsAt(addressAt(event.clientX - place.left, event.clientY - place.top));
    };
    element.addEventListener("pointermove", (event) => showTip(found(event).text, event));
    element.addEventListener("pointerleave", () => showTip("", null));
    element.addEventListener("click", (event) => { this.selected = found(event).id; schedule(); });
  }

  // The next live block in the order of addresses.
  selectNext(step) {
    const { blocks } = this.trace, now = this.shownBlock()?.address ?? -1;
    const sorted = [...this.state.live].sort((x, y) => blocks[x].address - blocks[y].address);
    const after = sorted.findIndex((id) => blocks[id].address > now);
    let place = after < 0 ? sorted.length : after;
    if (step < 0) place = sorted.findLastIndex((id) => blocks[id].address < now);
    if (sorted.length) this.selected = sorted[Math.max(0, Math.min(sorted.length - 1, place))];
    schedule();
  }

  showText() {
    const { trace } = this, { position } = this.state, set = (selector, text) => { this.find(selector).textContent = text; };
    const time = position > 0 ? trace.time[position - 1] : 0;
    set(".position", `event ${count(position)} of ${count(trace.count)} · ${count(time)} ${trace.unit}`);
    const slider = this.find(".slider");
    slider.value = position;
    slider.setAttribute("aria-valuetext", position ? this.eventText(position) : "before the first event");
    for (const [name] of SERIES) set(`[data-figure=${name}]`, bytes(trace[name][position]));
    for (const [name] of SHARES) set(`[data-figure=${name}]`, `${(this.share(name, position) * 100).toFixed(1)} %`);
    const id = this.shownId();
    const details = id >= 0 ? this.blockText(id) : position ? this.eventText(position) + `\nCalled by ${this.functions(trace.stack[position - 1])}`
      : "Step or play. Point at a block, click it, or press j, to see whose it is.";
    if (this.find(".details-text").textContent !== details) set(".details-text", details);
    const first = Math.max(1, Math.min(position - 4, trace.count - LOG_LINES + 1));
    this.find(".log").childNodes.forEach((line, i) => {
      const event = first + i;
      line.textContent = event <= trace.count ? this.eventText(event) : "";
      line.classList.toggle("now", event === position);
    });
    const counts = this.freeCounts(), most = Math.max(1, ...counts);
    this.find(".lists tbody").childNodes.forEach((line, i) => {
      const number = counts[trace.maxOrder - i];
      line.children[2].textContent = number ? count(number) : "·";
      line.children[3].firstChild.style.width = `${number / most * 100}%`;
    });
    set(".stats", `${plural(this.state.live.size, "live block")} · live ${count(trace.user[position])} B · allocated ${count(trace.allocated[position])} B · ` +
      `largest free ${count(trace.largest[position])} B · free blocks ${this.freeText(counts) || "none"}`);
    this.showCheck(counts);
  }

  freeText(counts) {
    return [...counts].map((number, order) => number ? `o${order}:${number}` : "").filter(Boolean).join(",");
  }

  // At the end the picture must say what the kernel says.
  showCheck(counts) {
    const { trace } = this, { stats, freeBlocks } = trace, check = this.find(".check"), end = trace.count;
    check.className = "check";
    check.textContent = "";
    if (this.state.position !== end) return;
    const wrong = [];
    const same = (what, shown, told) => { if (shown !== told) wrong.push(`${what}: ${shown} here, ${told} there`); };
    same("live bytes", trace.user[end], stats.user);
    same("allocated", trace.allocated[end], stats.allocated);
    same("largest free block", trace.largest[end], stats.largest_free);
    if (!trace.dropped) same("live blocks", this.state.live.size, stats.live);
    if (freeBlocks) same("free blocks", this.freeText(counts), Object.entries(freeBlocks).map(([order, number]) => `o${order}:${number}`).join(","));
    check.classList.add(wrong.length ? "bad" : "good");
    check.textContent = wrong.length ? `Not what the kernel says: ${wrong.join("; ")}` : "✓ the same figures as the kernel's own";
  }

  // All that has changed since the last time.
  draw() {
    this.work.blocks = this.work.rows = 0;
    this.work.draws++;
    if (!this.layoutDone) this.layout();
    if (this.dirty.size > 0) {
      for (const row of this.dirty) this.drawRow(row);
      if (this.trace.hasOrders) this.drawTree(this.dirty);
      this.dirty.clear();
    }
    this.drawMarks();
    this.drawCursor();
    this.showText();
  }
}

// The page ------------------------------------------------------------------------------------------

let scheduled = false;

function schedule() {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => {
    for (const column of columns)
      if (column.wanted !== null) go(column, column.wanted);
    scheduled = false;
    columns.forEach((column) => column.draw());
  });
}

function moveTo(column, position) {
  const to = Math.max(0, Math.min(column.trace.count, position));
  column.wanted = null;
  if (to === column.state.position) return;
  if (!column.state.seek(to)) column.rebuild();
  column.work.replayed = column.state.replayed;
  column.work.seeks++;
}

// Move a column, and the other one to the same operation of its own.
function go(column, position) {
  moveTo(column, position);
  if (byId("together").checked)
    for (const other of columns)
      if (other !== column) {
        const end = column.state.position === column.trace.count;
        moveTo(other, end ? other.trace.count : other.trace.positionOf(column.trace.operation[column.state.position]));
      }
  schedule();
}

function togglePlay(column) {
  const playing = column.playing === 0;
  for (const each of columns) {
    each.playing = each === column && playing ? performance.now() : 0;
    each.find(".play").textContent = each.playing ? "Pause" : "Play";
    each.find(".details").setAttribute("aria-live", each.playing ? "off" : "polite");
  }
  if (!playing) return;
  if (column.state.position === column.trace.count) go(column, 0);
  const frame = (now) => {
    if (column.playing === 0) return;
    const events = Math.floor((now - column.playing) / 1000 * +byId("speed").value);
    if (events > 0) {
      column.playing = now;
      go(column, column.state.position + events);
    }
    if (column.state.position === column.trace.count) togglePlay(column);
    else requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

function showTip(text, event) {
  const tip = byId("tip");
  tip.hidden = text === "";
  if (text === "") return;
  tip.textContent = text;
  tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8))}px`;
  const below = event.clientY + 18;
  tip.style.top = `${below + tip.offsetHeight < innerHeight ? below : event.clientY - tip.offsetHeight - 12}px`;
}

function pressed(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.tagName === "SELECT") return;
  const column = active ?? columns[0], { position } = column.state, step = event.shiftKey ? 100 : 1;
  const keys = {
    ArrowLeft: () => go(column, position - step), ArrowRight: () => go(column, position + step),
    PageUp: () => go(column, position - 100), PageDown: () => go(column, position + 100),
    Home: () => go(column, 0), End: () => go(column, column.trace.count),
    j: () => column.selectNext(1), k: () => column.selectNext(-1), e: () => { column.selected = -1; schedule(); },
    "+": () => column.setView(1), "-": () => column.setView(-1), 0: () => column.setView(0),
  };
  if (!(event.target instanceof HTMLButtonElement || event.target.type === "checkbox")) keys[" "] = () => togglePlay(column);
  if (keys[event.key] === undefined) return;
  event.preventDefault();
  keys[event.key]();
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  byId("theme").textContent = theme === "dark" ? "Light mode" : "Dark mode";
  readPalette();
  redrawAll();
}

function redrawAll() {
  for (const column of columns) column.layoutDone = false;
  schedule();
}

function start() {
  const traces = JSON.parse(byId("data").textContent), dark = matchMedia("(prefers-color-scheme: dark)");
  columns = traces.map((data) => new Column(data));
  for (const column of columns) byId("columns").append(column.element);
  byId("together-label").hidden = columns.length < 2;
  byId("theme").addEventListener("click", () => setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
  byId("colour").addEventListener("change", () => {
    colourBySize = byId("colour").value === "size";
    redrawAll();
  });
  dark.addEventListener("change", () => setTheme(dark.matches ? "dark" : "light"));
  addEventListener("resize", redrawAll);
  addEventListener("keydown", pressed);
  setTheme(dark.matches ? "dark" : "light");
  window.heapviz = { columns, go };
}

start();
