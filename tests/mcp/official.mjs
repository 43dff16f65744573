// official.mjs: troupe mcp against the official client of the protocol.
// SPDX-License-Identifier: Apache-2.0
// Usage: node official.mjs TROUPE PATH..., by `./dev mcp`: connects over stdio,
// lists, calls each tool, hears progress, cancels, and ends. Prints a line for
// each check; the exit code is 1 when one fails.

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from
  "@modelcontextprotocol/sdk/client/stdio.js";

const [troupe, ...roots] = process.argv.slice(2);
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "troupe-mcp-"));
let failures = 0;

function check(good, what) {
  console.log(`${good ? "ok  " : "FAIL"} ${what}`);
  if (!good) failures += 1;
}

function text(result) {
  return result.content.map((item) => item.text).join("\n");
}

async function refused(promise) {
  try {
    await promise;
    return null;
  } catch (error) {
    return error;
  }
}

// The server's process is gone, or is to be soon: signal 0 only asks.
async function isGone(pid) {
  for (let i = 0; i < 500; i++) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return false;
}

const transport = new StdioClientTransport({
  command: troupe,
  args: ["mcp", ...roots.flatMap((root) => ["--corpus", root]), "--cache", path.join(scratch, "cache"),
    "--mock", "--allow", "map"],
  stderr: "pipe",
});
let errors = "";
transport.stderr?.on("data", (data) => { errors += data; });

const client = new Client({ name: "official", version: "1.0.0" });
await client.connect(transport);
const server = client.getServerVersion();
check(server.name === "troupe", `connected to ${server.name} ` +
  `${server.version}, protocol ${transport.protocolVersion ?? "as agreed"}`);
check(client.getServerCapabilities().tools !== undefined, "it offers tools");
await client.ping();
check(true, "it answers a ping");
await client.setLoggingLevel("debug");

const { tools } = await client.listTools();
check(tools.length === 5, `tools: ${tools.map((t) => t.name).join(", ")}`);

const progress = [];
const research = await client.callTool(
  { name: "research", arguments: { question: "What does a mailbox do when it " +
    "is full?" } },
  undefined, { onprogress: (p) => progress.push(p), timeout: 60000 });
check(!research.isError && text(research).includes("## Answer"),
  `research: ${research.structuredContent.sources.length} sources, ` +
  `confidence ${research.structuredContent.confidence.value ??
    JSON.stringify(research.structuredContent.confidence).slice(0, 40)}`);
check(progress.length > 1 && progress.every((p, i) => p.total === 100 &&
  (i === 0 || p.progress > progress[i - 1].progress)),
`progress: ${progress.map((p) => p.progress).join(", ")}; last: ` +
  `"${progress.at(-1)?.message}"`);

const search = await client.callTool(
  { name: "search", arguments: { query: "mailbox", limit: 3 } });
check(search.structuredContent.results.length === 3, "search: 3 results");

const query = await client.callTool(
  { name: "query", arguments: { prompt: "Which?", choices: ["x", "y"],
    models: ["say=x", "say=x", "say=y"], all: true } });
check(query.structuredContent.best.answer === "x",
  `query: ${text(query).split("\n")[0]}`);

const decide = await client.callTool({ name: "decide", arguments: { decision: {
  problem: "Which house?", criteria: { rent: { direction: "min" } },
  options: { a: { values: { rent: 900 } }, b: { values: { rent: 800 } } } } } });
check(decide.structuredContent.recommendation.option === "b",
  `decide: ${decide.structuredContent.verdict}`);

const map = await client.callTool(
  { name: "map", arguments: { tasks: ["echo one", "exit 3"] } });
check(map.structuredContent.summary.ok === 1 &&
  map.structuredContent.summary.failed === 1, "map: one ok, one failed");

const many = await Promise.all(Array.from({ length: 12 }, (_, i) =>
  client.callTool({ name: i % 2 ? "search" : "decide", arguments: i % 2 ?
    { query: "actor" } : { decision: { problem: "p", criteria: {
      c: { direction: "max" } }, options: { a: { values: { c: i } },
      b: { values: { c: 100 } } } } } })));
check(many.every((r) => !r.isError), "12 calls at once");

let error = await refused(client.callTool({ name: "nothing" }));
check(error?.code === -32602, `an unknown tool: ${error?.message}`);
error = await refused(client.callTool({ name: "search",
  arguments: { query: "x", limit: 0 } }));
check(error?.code === -32602, `bad arguments: ${error?.message}`);

// Cancelled by an AbortSignal: what it runs ends, other calls go on.
const pidFile = path.join(scratch, "pid");
const begun = new Promise((resolve) => {
  const watcher = fs.watch(scratch, () => {
    if (fs.existsSync(pidFile) && fs.statSync(pidFile).size > 0) {
      watcher.close();
      resolve();
    }
  });
});
const controller = new AbortController();
const long = refused(client.callTool(
  { name: "map", arguments: { tasks: [
    `echo $$ > ${pidFile}.new; mv ${pidFile}.new ${pidFile}; exec sleep 1000`] } },
  undefined, { signal: controller.signal, timeout: 600000 }));
await begun;
const pid = Number(fs.readFileSync(pidFile, "utf8"));
controller.abort("enough");
error = await long;
check(error !== null, `aborted: ${error?.message ?? error}`);
check(await isGone(pid), "what it ran is gone");
await client.ping();
check(true, "the server is there");

// A request that takes longer than its client waits is cancelled, too.
error = await refused(client.callTool(
  { name: "map", arguments: { tasks: ["sleep 1000"] } }, undefined,
  { timeout: 300 }));
check(error?.code === -32001, `timed out: ${error?.message}`);

const serverPid = transport.pid;
await client.close();
check(await isGone(serverPid), "closed: the server is gone");
check(errors === "", `nothing on standard error ${errors}`);
fs.rmSync(scratch, { recursive: true });
console.log(failures ? `${failures} failures` : "all is well");
process.exit(failures ? 1 : 0);
