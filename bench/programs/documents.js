// SPDX-License-Identifier: MIT
//
// documents.js -- node: JSON, maps, regular expressions, buffers, compression and hashing, on one worker
// thread besides the main one. Usage: node documents.js PERCENT.
'use strict';
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const crypto = require('crypto');
const zlib = require('zlib');

function documents(count, seed) {
  let random = seed;
  const next = (bound) => { random = (random * 16807) % 2147483647; return random % bound; };
  const list = [];
  for (let i = 0; i < count; i++) {
    const words = Array.from({ length: next(12) }, () => `w${next(500)}`);
    list.push({ id: i, title: `document ${next(count)}`, words, score: next(1000) / 8 });
  }
  return list;
}

function work(count, seed) {
  const hash = crypto.createHash('sha256');
  const again = JSON.parse(JSON.stringify(documents(count, seed)));
  const index = new Map();
  for (const one of again) {
    for (const word of one.words) index.set(word, (index.get(word) || []).concat(one.id));
  }
  for (const word of [...index.keys()].sort()) hash.update(word + index.get(word).length);
  const text = again.map((one) => one.title.replace(/(\d)(\d)/g, '$2$1')).join('\n');
  for (let i = 0; i < 40; i++) {
    const packed = zlib.deflateSync(Buffer.from(text.slice(0, 1000 + i * 500)), { level: 1 + (i % 3) });
    hash.update(zlib.inflateSync(packed));
    hash.update(Buffer.alloc(1 + i * 3000, i));
  }
  return hash.digest('hex');
}

if (isMainThread) {
  const count = Math.max(50, 120 * Number(process.argv[2] || 100));
  const worker = new Worker(__filename, { workerData: { count, seed: 7 } });
  const mine = work(count, 3);
  worker.on('message', (theirs) => console.log(mine, theirs));
} else {
  parentPort.postMessage(work(workerData.count, workerData.seed));
}
