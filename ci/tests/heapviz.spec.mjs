// heapviz.spec.mjs - drives the viewer in headless Chromium. Run by test_heapviz.py:
//
//     node heapviz.spec.mjs PLAYWRIGHT CHROMIUM PAGE one|two|large|kernel|plain|beside|slab [STATS]
//
// Prints what it finds, last a line of JSON; ends with 1 at the first thing that is not so.

import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [playwright, chromium, file, what, stats = ""] = process.argv.slice(2);
const { chromium: driver } = await import(pathToFileURL(path.join(playwright, "index.mjs")).href);
const profile = fs.mkdtempSync(path.join(os.tmpdir(), "heapviz-"));
const browser = await driver.launchPersistentContext(profile, {
  executablePath: chromium, headless: true, colorScheme: "light", viewport: { width: 1280, height: 1000 },
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const page = browser.pages()[0] ?? (await browser.newPage());
const errors = [], requests = [];
page.on("pageerror", (error) => errors.push(error.message));
page.on("request", (request) => { if (!/^(file|data):/.test(request.url())) requests.push(request.url()); });

const text = (selector, n = 0) => page.locator(selector).nth(n).textContent();
const frame = () => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
const position = (n = 0) => page.evaluate((i) => heapviz.columns[i].state.position, n);
const go = async (to, n = 0) => { await page.evaluate(([i, p]) => heapviz.go(heapviz.columns[i], p), [n, to]); await frame(); };
const press = async (key) => { await page.keyboard.press(key); await frame(); };

// A live block that is large enough on the map to be pointed at, and the point.
const aBlock = () => page.evaluate(() => {
  const column = heapviz.columns[0], { trace, view, rowBytes, width } = column;
  const place = document.querySelector(".map").getBoundingClientRect();
  const id = [...column.state.live].filter((i) => trace.blocks[i].born > 0).sort((x, y) => trace.blocks[y].block - trace.blocks[x].block)[0];
  const block = trace.blocks[id], offset = block.address + block.block / 2 - view.start, row = Math.floor(offset / rowBytes);
  return { ...block, address: column.address(block.address), functions: trace.stacks[block.stack].map((i) => trace.names[i]),
    died: Number.isFinite(block.died) ? block.died : 0,
    x: place.left + 74 + (offset - row * rowBytes) / rowBytes * (width - 74), y: place.top + row * 11 + 5 };
});

function agrees(shown, block) {
  assert.match(shown, new RegExp(`Address ${block.address}\\b`));
  assert.ok(shown.includes(`Size ${block.size.toLocaleString("en")} B in a block of ${block.block.toLocaleString("en")} B`), shown);
  assert.ok(shown.includes(`Born at event ${block.born.toLocaleString("en")} (`), shown);
  assert.ok(shown.includes(block.died ? `Died at event ${block.died.toLocaleString("en")} (` : "Live at the end"), shown);
  assert.match(shown, /Lifetime [\d,]+ instructions/);
  for (const name of block.functions) assert.ok(shown.includes(`${name}()`), shown);
}

async function one() {
  const last = await page.evaluate(() => heapviz.columns[0].trace.count);
  assert.equal(await position(), 0, "it begins before the first event");
  await page.locator(".slider").fill("1500");
  await frame();
  assert.equal(await position(), 1500, "the slider");
  await page.getByRole("button", { name: "+1", exact: true }).click();
  await page.getByRole("button", { name: "+100", exact: true }).click();
  await page.getByRole("button", { name: "−1", exact: true }).click();
  assert.equal(await position(), 1600, "the buttons");
  for (const [key, to] of [["ArrowRight", 1601], ["Shift+ArrowRight", 1701], ["ArrowLeft", 1700], ["Shift+ArrowLeft", 1600],
    ["Home", 0], ["End", last]]) {
    await press(key);
    assert.equal(await position(), to, `the key ${key}`);
  }
  await page.locator(".slider").focus();
  await press("ArrowLeft");
  assert.equal(await position(), last - 1, "an arrow on the slider is one step");
  await go(100);
  await page.evaluate(() => document.activeElement.blur());
  await press(" ");
  await page.waitForFunction(() => heapviz.columns[0].state.position > 150);
  await press(" ");
  const stopped = await position();
  await page.waitForTimeout(120);
  assert.equal(await position(), stopped, "space pauses");

  await go(1500);
  await page.locator(".map").scrollIntoViewIfNeeded();
  const block = await aBlock();
  await page.mouse.move(block.x, block.y);
  agrees(await text("#tip"), block);
  await page.mouse.click(block.x, block.y);
  await frame();
  agrees(await text(".details-text"), block);
  assert.equal(await page.locator(".details").getAttribute("aria-live"), "polite");
  await page.mouse.move(5, 5);
  assert.ok(await page.locator("#tip").isHidden(), "the hover goes with the pointer");

  await press("j");
  const next = await text(".details-text");
  await press("k");
  agrees(await text(".details-text"), block);
  assert.notEqual(next, await text(".details-text"), "j and k go from block to block");
  await press("e");

  // Going there in one jump or in steps is the same heap, and the same picture.
  const picture = () => page.evaluate(() => [...document.querySelectorAll(".map .base, .tree canvas")].map((canvas) => canvas.toDataURL()).join());
  await go(1400);
  for (let i = 0; i < 60; i++) await press("ArrowRight");
  const stepped = await picture();
  await go(0);
  await go(1460);
  assert.equal(await picture(), stepped, "what is drawn step by step is what is drawn at once");

  await page.locator("#colour").selectOption("site");
  await frame();
  assert.match(await text(".map-legend"), /site_\d+\(\)/);
  const light = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.locator("#theme").click();
  assert.notEqual(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), light, "the dark mode button");
  await page.locator("#theme").click();
  await page.emulateMedia({ colorScheme: "dark" });
  await page.waitForFunction(() => document.documentElement.dataset.theme === "dark");
  await page.locator("[data-zoom='all']").click();
  await frame();
  assert.match(await text(".map-scale"), /4 MiB from base/);
  await go(last);
  assert.match(await text(".check"), /the same figures/);
  await page.evaluate(() => { heapviz.columns[0].trace.stats.user += 1; heapviz.columns[0].draw(); });
  assert.match(await text(".check"), /Not what the kernel says: live bytes/);
}

async function two() {
  assert.equal(await page.locator(".column").count(), 2);
  const [left, right] = [await page.locator(".column").nth(0).boundingBox(), await page.locator(".column").nth(1).boundingBox()];
  assert.ok(left.x + left.width <= right.x && left.y === right.y, "they stand side by side");
  await go(40);
  const operations = () => page.evaluate(() => heapviz.columns.map((column) => column.trace.operation[column.state.position]));
  let [first, second] = await operations();
  assert.equal(second, Math.min(first, 5), "both are at the same operation");
  await press("End");
  assert.deepEqual(await Promise.all([0, 1].map((n) => text(".check", n))), Array(2).fill("✓ the same figures as the kernel's own"));
  await page.locator("#together").uncheck();
  await go(7, 1);
  assert.deepEqual([await position(0) > 2000, await position(1)], [true, 7], "apart");
  assert.match(await text(".log", 1), /take 4 KiB for objects of 48 B/);
}

async function large() {
  const measured = await page.evaluate(async () => {
    const column = heapviz.columns[0], { trace } = column, next = () => new Promise(requestAnimationFrame);
    let seed = 12345, mostReplayed = 0;
    const times = [];
    for (let i = 0; i < 60; i++) {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      const began = performance.now();
      heapviz.go(column, seed % (trace.count + 1));
      column.draw();
      times.push(performance.now() - began);
      mostReplayed = Math.max(mostReplayed, column.work.replayed);
      await next();
    }
    let stepRows = 0;
    const steps = [];
    for (let i = 0; i < 300; i++) {
      const began = performance.now();
      heapviz.go(column, 50000 + i);
      column.draw();
      if (i > 0) { steps.push(performance.now() - began); stepRows = Math.max(stepRows, column.work.rows); }
    }
    times.sort((x, y) => x - y); steps.sort((x, y) => x - y);
    return { events: trace.count, mostReplayed, stepRows, seekMedianMs: times[30], seekWorstMs: times[59],
      stepMedianMs: steps[150], stepWorstMs: steps[298], nodes: document.querySelectorAll("*").length };
  });
  assert.ok(measured.nodes < 1000, "no element for each event");
  Object.assign(measured, await drag());
  await page.keyboard.press("End");
  await frame();
  assert.match(await text(".check"), /the same figures/);
  return measured;
}

// Drags the slider with the mouse, to and fro; what that took, frame by frame.
async function drag() {
  await go(0);
  const slider = await page.locator(".slider").boundingBox(), y = slider.y + slider.height / 2;
  await page.evaluate(() => {
    const [column] = heapviz.columns, drawOnce = column.draw.bind(column);
    const seen = (window.seen = { frames: 0, draws: column.work.draws, seeks: column.work.seeks, moves: 0, mostReplayedInDrag: 0,
      mostRows: 0, mostPiecesPerBlock: 0 });
    column.draw = () => {
      drawOnce();
      const { state, work } = column;
      seen.mostReplayedInDrag = Math.max(seen.mostReplayedInDrag, work.replayed);
      seen.mostRows = Math.max(seen.mostRows, work.rows);
      seen.mostPiecesPerBlock = Math.max(seen.mostPiecesPerBlock, work.blocks / (state.live.size + state.free.size + work.rows));
    };
    document.querySelector(".slider").addEventListener("input", () => seen.moves++);
    const nextFrame = () => { seen.frames++; requestAnimationFrame(nextFrame); };
    nextFrame();
  });
  await page.mouse.move(slider.x + 8, y);
  await page.mouse.down();
  for (const share of [.9, .3, .8]) await page.mouse.move(slider.x + slider.width * share, y, { steps: 15 });
  // Many places within one frame, as a fast mouse reports them.
  await page.evaluate(() => {
    const element = document.querySelector(".slider");
    for (let to = 0; to < 200; to++) {
      element.value = to * 500;
      element.dispatchEvent(new Event("input"));
    }
  });
  await frame();
  await page.mouse.up();
  await frame();
  return page.evaluate(() => {
    const { work } = heapviz.columns[0];
    return { ...seen, draws: work.draws - seen.draws, seeks: work.seeks - seen.seeks };
  });
}

// The kernel's own line of stats, word for word, against what the page shows.
async function endsWith(line, n = 0) {
  const told = Object.fromEntries(line.split(" ").slice(1).map((word) => word.split("=")));
  const shown = (await text(".stats", n)).replaceAll(",", "");
  const parts = [`live ${told.user} B`, `allocated ${told.allocated} B`, `largest free ${told.largest_free} B`];
  if (told.free !== "-") parts.push(`free blocks ${told.free.replaceAll(",", "")}`);
  assert.ok(shown.startsWith(`${told.live} live block`), shown);
  for (const part of parts) assert.ok(shown.includes(part), `${part} in: ${shown}`);
  assert.match(await text(".check", n), /the same figures/);
}

async function kernel() {
  await press("End");
  await endsWith(stats);
  const sites = await page.evaluate(() => heapviz.columns[0].trace.names);
  for (const name of ["random_mix", "growing_vectors", "workload"]) assert.ok(sites.includes(name), name);
}

// Heaps without orders: PAGE is a folder, STATS the line of each heap by name.
async function plain() {
  for (const [heap, line] of Object.entries(JSON.parse(stats))) {
    await page.goto(pathToFileURL(path.join(file, `${heap}.html`)).href);
    assert.match(await text(".title"), new RegExp(`^${heap} `));
    assert.ok(await page.locator(".buddies").isHidden(), "there is no buddy tree");
    assert.match(await text(".lists-title"), heap === "bump" ? /^Gaps/ : /^Free runs/);
    await go(await page.evaluate(() => Math.floor(heapviz.columns[0].trace.count * .6)));
    await page.locator(".map").scrollIntoViewIfNeeded();
    const block = await aBlock();
    await page.mouse.move(block.x, block.y);
    agrees(await text("#tip"), block);
    assert.ok(await page.evaluate(() => heapviz.columns[0].state.runsByOrder().reduce((sum, n) => sum + n) > 1), "there are holes");
    // What lies side by side does not overlap, and what is live takes what the heap says.
    const [overlaps, taken, told] = await page.evaluate(() => {
      const { trace, state } = heapviz.columns[0];
      const live = [...state.live].map((id) => trace.blocks[id]).sort((x, y) => x.address - y.address);
      return [live.filter((x, i) => i > 0 && live[i - 1].address + live[i - 1].block > x.address).length,
        live.reduce((sum, x) => sum + x.block, 0), trace.allocated[state.position]];
    });
    assert.equal(overlaps, 0, `${heap}: no two live blocks overlap`);
    if (heap === "bump") assert.ok(taken < told, "bump keeps what is freed"); else assert.equal(taken, told, heap);
    await press("End");
    await endsWith(line);
  }
}

// Two heaps, which did the same: STATS is the line of each.
async function beside() {
  await go(await page.evaluate(() => heapviz.columns[0].trace.count / 2 | 0));
  const [left, right] = await page.evaluate(() => heapviz.columns.map(({ trace, state }) => ({
    operation: trace.operation[state.position], user: trace.user[state.position], live: state.live.size })));
  assert.deepEqual(left, right, "at the same operation the same is live in both");
  assert.ok(left.live > 10);
  assert.deepEqual([await page.locator(".buddies").nth(0).isVisible(), await page.locator(".buddies").nth(1).isVisible()], [true, false]);
  await press("End");
  for (const [n, line] of JSON.parse(stats).entries()) await endsWith(line, n);
}

// A heap of slabs: PAGE is its page, STATS its line.
async function slab() {
  await go(await page.evaluate(() => Math.floor(heapviz.columns[0].trace.count * .6)));
  await page.locator(".map").scrollIntoViewIfNeeded();
  // The last object of the largest slab of each size, where it is free: the point and the colour there.
  const places = await page.evaluate(() => {
    const column = heapviz.columns[0], { trace, state, view, rowBytes, width, mapContext } = column, found = new Map();
    const scale = window.devicePixelRatio, corner = document.querySelector(".map").getBoundingClientRect();
    for (const [start, { bytes, object }] of [...state.slabs].sort((x, y) => x[1].bytes - y[1].bytes)) {
      const last = start + (Math.floor(bytes / object) - 1) * object; // the last object of the slab
      const offset = last + object / 2 - view.start, row = Math.floor(offset / rowBytes);
      if (row < 0 || row >= 32 || [...state.live].some((id) => trace.blocks[id].address === last)) continue;
      const x = 74 + (offset - row * rowBytes) / rowBytes * (width - 74), y = row * 11 + 5;
      found.set(object, { object, x: corner.left + x, y: corner.top + y, colour: [...mapContext.getImageData(x * scale, y * scale, 1, 1).data].join() });
    }
    return [...found.values()];
  });
  assert.ok(places.length >= 3, "slabs of several sizes have room");
  for (const { object, x, y } of places) {
    await page.mouse.move(x, y);
    assert.ok((await text("#tip")).startsWith(`Free in a slab for objects of ${object.toLocaleString("en")} B\nSlab of `), await text("#tip"));
  }
  assert.ok(new Set(places.map((place) => place.colour)).size >= 3, `slabs have the colours of their sizes: ${JSON.stringify(places)}`);
  assert.match(await text(".map-legend"), /set apart/);
  assert.ok(await page.evaluate(() => [...heapviz.columns[0].state.live].some((id) => heapviz.columns[0].trace.blocks[id].inside)), "objects lie in slabs");
  await press("End");
  await endsWith(stats);
}

let status = 0;
try {
  if (what !== "plain") {
    await page.goto(pathToFileURL(file).href);
    await frame();
  }
  const found = (await { one, two, large, kernel, plain, beside, slab }[what]()) ?? {};
  assert.deepEqual(errors, [], "the page has no errors");
  assert.deepEqual(requests, [], "the page asks for nothing");
  console.log(JSON.stringify(found));
} catch (error) {
  console.log(error.stack);
  status = 1;
} finally {
  await browser.close();
  fs.rmSync(profile, { recursive: true, force: true });
}
process.exit(status);
