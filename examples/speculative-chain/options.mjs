// The options of run.sh, which explains them. What is wrong with one is said with the value seen and the form accepted.
import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const CHART = `${dirname(fileURLToPath(import.meta.url))}/bin/latency.svg`;

export function readOptions(words) {
  const { values } = parse(words);
  if (!/^\d{1,9}$/.test(values.seed)) wrong(`--seed is '${values.seed}'; accepted: a whole number of up to nine digits`);
  const caller = process.env.DARQ_CHAIN_CALLER ?? ".";
  return {
    seed: Number(values.seed),
    svg: values.svg ? resolve(caller, values.svg) : CHART,
    keep: values.keep && resolve(caller, values.keep),
    isUnsafe: values["without-wait"],
    warmUp: values.quick ? 1 : 4,
    orders: values.quick ? 9 : 101,
    underWay: values.quick ? 300 : 600,
  };
}

function parse(args) {
  const [text, flag] = [{ type: "string" }, { type: "boolean" }];
  try {
    const options = { quick: flag, "without-wait": flag, seed: { ...text, default: "1" }, svg: text, keep: text };
    return parseArgs({ args, options });
  } catch (error) {
    return wrong(error.message);
  }
}

function wrong(why) {
  console.error(`run.sh: ${why}`);
  process.exit(2);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) readOptions(process.argv.slice(2));
