// A short message center for the interop test, on the npm library `smpp`. What it does with a message depends
// on the last digit of the number that it goes to:
//
//   1  takes it, and says that each part arrived     5  takes it, and says that it did not arrive
//   2  is too busy the first time, then as 1         6  as 1, and the receiver writes back "TD"
//   3  reads it and breaks the line off              9  takes it, and is away for a moment afterwards
//   4  knows no such number
//
// Every line that it prints is a JSON object: {"event": "listening" | "bound" | "submit" | "message", …}.
"use strict";
const smpp = require("smpp");

const [port, systemId, password] = process.argv.slice(2);
const say = (event, more) => process.stdout.write(JSON.stringify({ event, ...more }) + "\n");
const seen = new Map();
const parts = new Map();
const sessions = new Set();
let serial = 0;

// The text, once every part of it is there.
function whole(pdu) {
  const { udh, message } = pdu.short_message;
  if (!udh || udh.length === 0) return message;
  const { reference, total, number } = header(udh);
  const key = `${pdu.destination_addr}/${reference}`;
  const known = parts.get(key) || new Map();
  known.set(number, message);
  parts.set(key, known);
  if (known.size < total) return null;
  return [...known.keys()].sort((one, other) => one - other).map((at) => known.get(at)).join("");
}

// The concatenation element of a user data header: identifier 0, length 3, then these three octets.
function header(udh) {
  const octets = Buffer.isBuffer(udh) ? udh : Buffer.concat(udh);
  const at = octets.indexOf(Buffer.from([0x00, 0x03])) + 2;
  return { reference: octets[at], total: octets[at + 1], number: octets[at + 2] };
}

function receipt(session, pdu, id, state) {
  session.deliver_sm({
    esm_class: 0x04,
    source_addr: pdu.destination_addr,
    destination_addr: pdu.source_addr,
    short_message: `id:${id} sub:001 dlvrd:001 submit date:2611240900 done date:2611240901 stat:${state} err:000 text:`,
  });
}

function submit(session, pdu) {
  const to = pdu.destination_addr;
  const times = (seen.get(to) || 0) + 1;
  seen.set(to, times);
  say("submit", { to, times, coding: pdu.data_coding, registered: pdu.registered_delivery });
  const answer = (status) => session.send(pdu.response({ command_status: status }));
  const way = to.slice(-1);
  if (way === "2" && times === 1) return answer(smpp.ESME_RTHROTTLED);
  if (way === "3") return session.socket.destroy();
  if (way === "4") return answer(smpp.ESME_RINVDSTADR);
  const id = `m-${(serial += 1)}`;
  const text = whole(pdu);
  if (text !== null) say("message", { to, text });
  // A receipt may be faster than the answer.
  if (way !== "9") receipt(session, pdu, id, way === "5" ? "UNDELIV" : "DELIVRD");
  session.send(pdu.response({ message_id: id }));
  if (way === "6") session.deliver_sm({ source_addr: to, destination_addr: pdu.source_addr, short_message: "TD" });
  if (way === "9" && text !== null) away();
}

const server = smpp.createServer((session) => {
  sessions.add(session);
  session.on("close", () => sessions.delete(session));
  session.on("error", () => session.close());
  session.on("bind_transceiver", (pdu) => {
    const known = pdu.system_id === systemId && pdu.password === password;
    session.send(pdu.response(known ? {} : { command_status: smpp.ESME_RBINDFAIL }));
    if (known) say("bound", { version: pdu.interface_version });
  });
  session.on("submit_sm", (pdu) => submit(session, pdu));
  session.on("enquire_link", (pdu) => session.send(pdu.response()));
  session.on("unbind", (pdu) => {
    session.send(pdu.response());
    session.close();
  });
});

function away() {
  server.close(() => setTimeout(listen, 500));
  setTimeout(() => sessions.forEach((session) => session.socket.destroy()), 50);
}
function listen() {
  server.listen(Number(port), "127.0.0.1", () => say("listening", { port: Number(port) }));
}
listen();
