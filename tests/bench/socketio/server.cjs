// The comparison application on Socket.IO with its Redis adapter: whoever connects names the rooms to join.
//
// Like the one on stock Channels it does less than the clinic: nobody signs in, no rights are checked,
// nothing is numbered, stored or replayed.

const { createServer } = require("node:http");
const { Server } = require("socket.io");
const { createAdapter } = require("@socket.io/redis-adapter");
const { createClient } = require("redis");

const BACKLOG = 4096;

async function main() {
  const publishing = createClient({ url: process.env.REDIS_URL });
  const subscribed = publishing.duplicate();
  await Promise.all([publishing.connect(), subscribed.connect()]);
  const http = createServer();
  const io = new Server(http, {
    adapter: createAdapter(publishing, subscribed),
    serveClient: false,
    transports: ["websocket"],
  });
  io.on("connection", (socket) => {
    socket.join(socket.handshake.auth.rooms);
    socket.emit("ready");
  });
  http.listen({ port: Number(process.env.PORT), host: "127.0.0.1", backlog: BACKLOG });
}

main();
