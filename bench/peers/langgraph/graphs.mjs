// SPDX-License-Identifier: Apache-2.0
// LangGraph.js peers: a task is a node of a StateGraph, a need is an edge.
//
//   graphs.mjs B16 [--variant V] [--quick] | --list | --version
//
// Building and compiling the graph is not in the time. It adds a listener to one
// signal for each node of a superstep; the limit only silences a warning of that.
import {setMaxListeners} from 'node:events';
import {readFileSync} from 'node:fs';
import {parseArgs} from 'node:util';
import {Annotation, END, START, StateGraph} from '@langchain/langgraph';

const State = Annotation.Root({
  done: Annotation({reducer: (a, b) => a + b, default: () => 0}),
});

const one = () => ({done: 1});

/** Each task's needs: up to three random ones of those before it. */
function randomNeeds(count) {
  let x = 1;
  return Array.from({length: count}, (_, i) => {
    const needs = new Set();
    for (let k = 0; k < (i ? 3 : 0); k++) {
      x = (x * 75 + 74) % 65537;
      needs.add(x % i);
    }
    return [...needs];
  });
}

/** One task, then `count` at once, then one that needs them all. */
function fanOutNeeds(count) {
  const all = Array.from({length: count}, (_, i) => i + 1);
  return [[], ...all.map(() => [0]), all];
}

function graphOf(needs) {
  const graph = new StateGraph(State);
  const isNeeded = new Array(needs.length).fill(false);
  needs.forEach((_, i) => graph.addNode(`t${i}`, one));
  needs.forEach((those, i) => {
    those.forEach((each) => (isNeeded[each] = true));
    const from = those.map((each) => `t${each}`);
    graph.addEdge(from.length > 1 ? from : (from[0] ?? START), `t${i}`);
  });
  isNeeded.forEach((is, i) => is || graph.addEdge(`t${i}`, END));
  return graph.compile();
}

/** Runs a graph of these needs several times; microseconds a task. */
async function run(needs, times) {
  setMaxListeners(0);
  const graph = graphOf(needs);
  const began = process.hrtime.bigint();
  for (let i = 0; i < times; i++) {
    const end = await graph.invoke({}, {recursionLimit: 100000});
    if (end.done !== needs.length) {
      throw new Error(`${end.done} of ${needs.length} tasks were run`);
    }
  }
  const count = needs.length * times;
  return [Number(process.hrtime.bigint() - began) / 1e3 / count, count];
}

const variants = {
  default: (quick) => run(randomNeeds(quick ? 100 : 1000), 1),
  'fan-out': (quick) => run(fanOutNeeds(1000), quick ? 1 : 3),
};

function peakKib() {
  const status = readFileSync('/proc/self/status', 'ascii');
  return Number(/^VmHWM:\s+(\d+)/m.exec(status)[1]);
}

function version() {
  const at = new URL('package.json', import.meta.url);
  const {dependencies} = JSON.parse(readFileSync(at, 'utf8'));
  return `${dependencies['@langchain/langgraph']}, Node.js ${process.version}`;
}

const {values, positionals: [bench]} = parseArgs({
  allowPositionals: true,
  options: {
    variant: {type: 'string', default: 'default'},
    quick: {type: 'boolean'},
    list: {type: 'boolean'},
    version: {type: 'boolean'},
  },
});
if (values.list) {
  Object.keys(variants).forEach((name) => console.log('B16', name));
} else if (values.version) {
  console.log(version());
} else if (bench !== 'B16' || !(values.variant in variants)) {
  console.error(`graphs.mjs: no benchmark ${bench} ${values.variant}`);
  process.exitCode = 1;
} else {
  const [value, count] = await variants[values.variant](values.quick);
  console.log(JSON.stringify({
    bench, variant: values.variant, system: 'langgraph',
    value: Number(value.toFixed(3)), unit: 'us/task', count,
    peak_kib: peakKib(),
  }));
}
