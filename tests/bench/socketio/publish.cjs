// Emits events to rooms through the Redis adapter, from a process without sockets.
//
// It is told what to do and answers as tests/bench/publisher.py does: a line of JSON each.

const { createInterface } = require("node:readline");
const { setImmediate: turn, setTimeout: pause } = require("node:timers/promises");
const { Server } = require("socket.io");
const { createAdapter } = require("@socket.io/redis-adapter");
const { createClient } = require("redis");

const BYTES = Number(process.env.EVENT_BYTES);
const numbers = new Map();

function payload(topic) {
  const seq = (numbers.get(topic) ?? 0) + 1;
  numbers.set(topic, seq);
  const body = { op: "event", topic, seq, data: "" };
  body.data = "x".repeat(Math.max(0, BYTES - JSON.stringify(body).length));
  return body;
}

function emit(io, topic) {
  const body = payload(topic);
  const at = Number(process.hrtime.bigint());
  io.to(topic).emit("event", body);
  return [topic, body.seq, at];
}

async function burst(io, { topic, events, at_once }) {
  for (let number = 0; number < events; number++) {
    emit(io, topic);
    if ((number + 1) % at_once === 0) await turn();
  }
  return { events, sent: [] };
}

async function paced(io, { topics, per_second, seconds }) {
  const sent = [];
  const began = performance.now();
  const events = Math.round(per_second * seconds);
  for (let number = 0; number < events; number++) {
    const early = began + (number * 1000) / per_second - performance.now();
    if (early > 0) await pause(early);
    sent.push(emit(io, topics[number % topics.length]));
  }
  return { events, sent };
}

async function main() {
  const publishing = createClient({ url: process.env.REDIS_URL });
  const subscribed = publishing.duplicate();
  await Promise.all([publishing.connect(), subscribed.connect()]);
  const io = new Server({ adapter: createAdapter(publishing, subscribed) });
  for await (const line of createInterface({ input: process.stdin })) {
    const { how, ...wish } = JSON.parse(line);
    const began = Number(process.hrtime.bigint());
    const done = await { burst, paced }[how](io, wish);
    // Nanoseconds since the start of the machine are exact in a double for a hundred days.
    console.log(JSON.stringify({ began, ended: Number(process.hrtime.bigint()), ...done }));
  }
  process.exit(0);
}

main();
