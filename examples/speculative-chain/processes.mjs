// The child processes of a run, with a log file each.
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

const PATIENCE_MS = 60_000;

export class Processes {
  #running = new Map();

  constructor(folder) {
    this.folder = folder;
  }

  log(name) {
    return `${this.folder}/${name}.log`;
  }

  start(name, [program, ...words], environment = {}) {
    const log = openSync(this.log(name), "a");
    const child = spawn(program, words.map(String), {
      cwd: this.folder, env: { ...process.env, ...environment }, stdio: ["ignore", log, log],
    });
    closeSync(log);
    this.#running.set(name, child);
    child.on("exit", (code, signal) => {
      if (this.#running.get(name) !== child) return;
      this.#running.delete(name);
      fail(`${name} ended with ${code ?? signal}:\n${this.tail(name)}`);
    });
    child.on("error", (error) => fail(`${name} does not start: ${error.message}`));
  }

  /** As kill -9 does; ends when the process is gone. */
  async kill(name) {
    const child = this.#running.get(name);
    this.#running.delete(name);
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }

  async stop() {
    await Promise.all([...this.#running.keys()].map((name) => this.kill(name)));
  }

  tail(name) {
    return readFileSync(this.log(name), "utf8").trimEnd().split("\n").slice(-10).join("\n");
  }
}

/** Ends when the check is true, or the run with what was waited for. */
export async function until(what, check, describe = () => "") {
  for (const since = performance.now(); !(await check()); await delay(50)) {
    if (performance.now() - since > PATIENCE_MS) fail(`${what}: not within ${PATIENCE_MS / 1000} s. ${describe()}`);
  }
}

/** Ends as the promise does, or the run with what was waited for. */
export async function within(what, promise) {
  const timer = setTimeout(() => fail(`${what}: not within ${PATIENCE_MS / 1000} s.`), PATIENCE_MS);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

export function fail(why) {
  console.error(`run.sh: ${why}`);
  process.exit(1);
}

export function accepts(address) {
  return new Promise((resolve) => {
    const socket = connect(address, () => {
      resolve(true);
      socket.destroy();
    });
    socket.once("error", () => resolve(false));
  });
}

export function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
