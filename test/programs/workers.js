// SPDX-License-Identifier: MIT
//
// workers.js -- node: six worker threads that share and hand over buffers, a compressing stream, a server on
// a socket file, a child.
'use strict';
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const { createHash, pbkdf2Sync } = require('crypto');
const { spawnSync } = require('child_process');
const { pipeline } = require('stream/promises');
const { Readable } = require('stream');
const http = require('http');
const fs = require('fs');
const zlib = require('zlib');

const sha = (data) => createHash('sha1').update(data).digest('hex');

if (!isMainThread) {
  const mine = new Uint8Array(workerData.bytes).fill(workerData.id);
  Atomics.add(new Int32Array(workerData.shared), 0, workerData.id);
  const key = pbkdf2Sync('secret', `salt${workerData.id}`, 500, 32, 'sha256').toString('hex');
  parentPort.postMessage({ id: workerData.id, key, mine }, [mine.buffer]);
} else {
  main();
}

async function workers() {
  const shared = new SharedArrayBuffer(4);
  const answers = await Promise.all([1, 2, 3, 4, 5, 6].map((id) => new Promise((resolve, reject) => {
    const worker = new Worker(__filename, { workerData: { id, shared, bytes: id * 100000 } });
    worker.on('message', resolve).on('error', reject);
  })));
  for (const one of answers) console.log('worker', one.id, one.key, sha(one.mine));
  console.log('shared', new Int32Array(shared)[0]);
}

async function stream() {
  const lines = Readable.from((function* generate() {
    for (let i = 0; i < 20000; i++) yield `line ${i} ${'x'.repeat(i % 70)}\n`;
  })());
  await pipeline(lines, zlib.createGzip(), fs.createWriteStream('lines.gz'));
  console.log('stream', sha(zlib.gunzipSync(fs.readFileSync('lines.gz'))));
}

async function server() {
  const listening = http.createServer((request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => response.end(sha(Buffer.concat(parts)) + request.url));
  });
  await new Promise((resolve) => listening.listen('socket', resolve));
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
  const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => new Promise((resolve, reject) => {
    const where = { socketPath: 'socket', path: `/${i}`, method: 'POST', agent };
    const request = http.request(where, (response) => {
      let text = '';
      response.on('data', (part) => { text += part; }).on('end', () => resolve(text));
    });
    request.on('error', reject);
    request.end(Buffer.alloc(i * 500, i % 256));
  })));
  agent.destroy();
  await new Promise((resolve) => listening.close(resolve));
  console.log('server', sha(answers.join()));
}

async function main() {
  await workers();
  await stream();
  await server();
  const script = 'console.log(Buffer.alloc(1e6, "ab").toString("base64").length); process.exit(3)';
  const child = spawnSync(process.execPath, ['-e', script]);
  console.log('child', child.status, String(child.stdout).trim());
}
