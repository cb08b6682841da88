// workload.js: takes and gives back memory of every kind that node has, and checks what it kept.

const assert = require('assert');
const crypto = require('crypto');
const { Worker, isMainThread, parentPort } = require('worker_threads');

// Buffers lie outside of V8's heap, objects inside. Returns a figure of what was kept.
function work(seed) {
  const kept = [];
  let random = seed;
  for (let i = 0; i < 20000; i++) {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    const slot = random % 400;
    const old = kept[slot];
    if (old)
      assert(old.buffer.every((byte) => byte === old.mark), 'a buffer has changed');
    kept[slot] = { buffer: Buffer.alloc(random >>> 20, i & 255), mark: i & 255 };
  }
  const text = JSON.stringify(kept.map((each, slot) => ({ slot, mark: each.mark })));
  assert.strictEqual(JSON.parse(text).length, 400);
  return crypto.createHash('sha256').update(text).digest('hex');
}

if (isMainThread) {
  console.log(process.version, work(1));
  new Worker(__filename).on('message', (figure) => console.log('worker', figure));
} else {
  parentPort.postMessage(work(2));
}
