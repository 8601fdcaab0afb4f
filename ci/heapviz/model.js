"use strict";
// model.js - the heap at any event: a trace, and its state with checkpoints. No drawing.

const CHECKPOINT = 1000; // events; a seek replays fewer than that

const [A, F, R, X, S, s, M, m, T, U, G] = [..."AFRXSsMmTUG"].map((letter) => letter.charCodeAt(0));
const INSIDE = 1, OLD_INSIDE = 2; // flags: in a slab, or in what is set apart

function unpack({ type, data }) {
  const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  return new { B: Uint8Array, I: Uint32Array, d: Float64Array }[type](bytes.buffer);
}

// What the file says, and its blocks: each from its alloc (or realloc) to its end. An event is
// numbered from 1; position p is the heap after event p, position 0 before all.
class Trace {
  constructor(data) {
    Object.assign(this, data);
    for (const [name, column] of Object.entries(data.columns)) this[name] = unpack(column);
    this.hasOrders = data.freeBlocks !== null;
    this.maxOrder = Math.floor(Math.log2(this.size / this.granule));
    this.findBlocks();
    this.checkpoints = [];
    const state = new State(this);
    for (let event = 0; event <= this.count; event++) {
      if (event > 0) state.apply(event);
      if (event % CHECKPOINT === 0) this.checkpoints.push(state.snapshot());
    }
  }

  findBlocks() {
    const at = new Map();
    this.blocks = []; // {address, size, block, born, died, from, stack, inside}
    this.begun = new Int32Array(this.count + 1).fill(-1); // by event: the block that it began
    this.ended = new Int32Array(this.count + 1).fill(-1);
    this.operation = new Uint32Array(this.count + 1); // operations up to each event
    this.used = [Infinity, 0]; // the lowest and the highest address that a block ever had
    const begin = (address, size, block, event, from, stack, inside) => {
      at.set(address, this.blocks.length);
      if (event > 0) this.begun[event] = this.blocks.length;
      this.blocks.push({ address, size, block, born: event, died: Infinity, from, stack, inside });
      this.used = [Math.min(this.used[0], address), Math.max(this.used[1], address + Math.max(size, block))];
    };
    const end = (address, event) => {
      const id = at.get(address);
      if (id === undefined) return -1;
      at.delete(address);
      this.blocks[id].died = event;
      return (this.ended[event] = id);
    };
    for (const [address, size, block] of this.live) {
      const inside = [...this.apart, ...this.slabs].some(([start, bytes]) => address >= start && address < start + bytes);
      begin(address, size, block, 0, -1, -1, inside);
    }
    this.older = this.blocks.length;
    for (let event = 1; event <= this.count; event++) {
      const i = event - 1, kind = this.kind[i];
      const operation = kind === A || kind === F || kind === R || kind === X;
      this.operation[event] = this.operation[i] + (operation ? 1 : 0);
      let from = -1;
      if (kind === F) end(this.address[i], event);
      if (kind === R) from = end(this.old[i], event);
      if (kind === A || kind === R)
        begin(this.address[i], this.asked[i], this.block[i], event, from, this.stack[i],
          (this.flags[i] & INSIDE) !== 0);
    }
  }

  orderOf(bytes) { return Math.round(Math.log2(bytes / this.granule)); }

  // The last position with at most this many operations begun.
  positionOf(operations) {
    let low = 0, high = this.count;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.operation[middle] <= operations) low = middle; else high = middle - 1;
    }
    return low;
  }
}

// Which blocks are live and which are free after some event. Each change is told to `listener`:
// live(id, on), free(address, order, on), apart(address, bytes, on), slab(address, bytes, on).
class State {
  constructor(trace) {
    this.trace = trace;
    this.listener = null;
    this.replayed = 0; // by the last seek
    this.clear();
    for (const [address, order] of trace.free) this.putFree(address, order);
    for (const [address, bytes] of trace.apart) this.apart.set(address, bytes);
    for (const [address, bytes, object] of trace.slabs) this.slabs.set(address, { bytes, object });
    for (let id = 0; id < trace.older; id++) this.live.add(id);
  }

  clear() {
    this.position = 0;
    this.live = new Set(); // numbers of blocks
    this.free = new Map(); // address: order
    this.apart = new Map(); // address: bytes; blocks that are cut into slabs, or kept for later
    this.slabs = new Map(); // address: {bytes, object}
    this.counts = new Uint32Array(64); // free blocks by order
  }

  snapshot() {
    return { position: this.position, live: Uint32Array.from(this.live), free: [...this.free],
      apart: [...this.apart], slabs: [...this.slabs], counts: this.counts.slice() };
  }

  restore(checkpoint) {
    this.position = checkpoint.position;
    this.live = new Set(checkpoint.live);
    this.free = new Map(checkpoint.free);
    this.apart = new Map(checkpoint.apart);
    this.slabs = new Map(checkpoint.slabs);
    this.counts = checkpoint.counts.slice();
  }

  // Go to a position; false when the listener has to look at everything again.
  seek(position) {
    const near = position >= this.position && position - this.position < CHECKPOINT;
    const listener = this.listener;
    if (!near) {
      this.listener = null;
      this.restore(this.trace.checkpoints[Math.floor(position / CHECKPOINT)]);
    }
    this.replayed = position - this.position;
    while (this.position < position) this.apply(this.position + 1);
    this.listener = listener;
    return near;
  }

  setLive(id, on) {
    if (id < 0) return;
    if (on) this.live.add(id); else this.live.delete(id);
    this.listener?.live(id, on);
  }

  putFree(address, order) {
    if (this.free.has(address)) this.takeFree(address);
    this.free.set(address, order);
    this.counts[order]++;
    this.listener?.free(address, order, true);
  }

  takeFree(address) {
    const order = this.free.get(address);
    if (order === undefined) return;
    this.free.delete(address);
    this.counts[order]--;
    this.listener?.free(address, order, false);
  }

  // An object size of 0: a block that is set apart.
  take(address, bytes, object) {
    if (object > 0) this.slabs.set(address, { bytes, object }); else this.apart.set(address, bytes);
    if (object > 0) this.listener?.slab(address, bytes, true); else this.listener?.apart(address, bytes, true);
  }

  give(address, bytes) {
    const slab = this.slabs.delete(address);
    if (!slab) this.apart.delete(address);
    if (slab) this.listener?.slab(address, bytes, false); else this.listener?.apart(address, bytes, false);
  }

  apply(event) {
    const trace = this.trace, i = event - 1, kind = trace.kind[i], address = trace.address[i];
    const orders = trace.hasOrders;
    const half = trace.granule * 2 ** (trace.block[i] - 1); // of S, s, M, m
    switch (kind) {
      case R:
        if (orders && trace.old[i] !== address) {
          if (!(trace.flags[i] & OLD_INSIDE) && trace.ended[event] >= 0)
            this.putFree(trace.old[i], trace.orderOf(trace.blocks[trace.ended[event]].block));
          if (!(trace.flags[i] & INSIDE)) this.takeFree(address);
        }
        this.setLive(trace.ended[event], false);
        this.setLive(trace.begun[event], true);
        break;
      case A:
        if (orders && !(trace.flags[i] & INSIDE)) this.takeFree(address);
        this.setLive(trace.begun[event], true);
        break;
      case F:
        this.setLive(trace.ended[event], false);
        if (orders && !(trace.flags[i] & INSIDE)) this.putFree(address, trace.orderOf(trace.block[i]));
        break;
      case S:
        this.takeFree(address);
        this.putFree(address, trace.block[i] - 1);
        this.putFree(address + half, trace.block[i] - 1);
        break;
      case s:
        this.putFree(address + half, trace.block[i] - 1);
        break;
      case M:
        this.takeFree(address);
        this.takeFree(address + half);
        this.putFree(address, trace.block[i]);
        break;
      case m:
        this.takeFree(address + half);
        break;
      case T:
        if (!(trace.flags[i] & INSIDE)) this.takeFree(address);
        this.take(address, trace.asked[i], trace.block[i]);
        break;
      case U:
        this.give(address, trace.asked[i]);
        if (orders && !(trace.flags[i] & INSIDE)) this.putFree(address, trace.orderOf(trace.asked[i]));
        break;
      case G:
        for (const [start, order] of trace.grown[i] ?? []) this.putFree(start, order);
        break;
    }
    this.position = event;
  }

  // Free runs of a heap without orders, counted by powers of two like the orders of another.
  runsByOrder() {
    const counts = new Uint32Array(64), { blocks, granule, size } = this.trace;
    const ends = [...this.live].map((id) => [blocks[id].address, blocks[id].address + blocks[id].block]);
    let at = 0;
    for (const [start, end] of [...ends.sort((x, y) => x[0] - y[0]), [size, size]]) {
      if (start - at > 0) counts[Math.max(0, Math.floor(Math.log2((start - at) / granule)))]++;
      at = Math.max(at, end);
    }
    return counts;
  }
}
