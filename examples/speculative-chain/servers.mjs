// A primary and its replica, which flushes each write before it confirms it. The level replica-fsync:1 waits for that.
import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { promisify } from "node:util";
import { freePort, until } from "./processes.mjs";

const server = process.env.DARQ_VALKEY_SERVER ?? "valkey-server";
const client = process.env.DARQ_VALKEY_CLI ?? "valkey-cli";
const run = promisify(execFile);

export class Servers {
  #processes;
  #primary = "valkey-1";
  #replica = "valkey-2";
  #replicaPort;
  #flushMs = 0;

  constructor(processes) {
    this.#processes = processes;
  }

  async start() {
    this.port = await freePort();
    this.#start(this.#primary, this.port, "everysec");
    await until("the primary answers", () => this.#answers(this.port));
    await this.#follow();
  }

  /** How long each flush of the replica takes, on top of what its disk needs. */
  async setFlushTime(milliseconds) {
    this.#flushMs = milliseconds;
    await command(this.#replicaPort, "DEBUG", "AOF-FLUSH-SLEEP", milliseconds * 1000);
  }

  /**
   * The first half of a failover: the replica is promoted, but the components still speak with the old primary, which nobody follows any
   * more. Whatever it applies from now on is lost.
   */
  async promote() {
    await command(this.#replicaPort, "REPLICAOF", "NO", "ONE");
    await command(this.#replicaPort, "DEBUG", "AOF-FLUSH-SLEEP", 0);
  }

  /** The second half: the old primary dies, and the new one has its address and a replica of its own. */
  async takeOver() {
    await this.#processes.kill(this.#primary);
    await command(this.#replicaPort, "CONFIG", "SET", "port", this.port);
    [this.#primary, this.#replica] = [this.#replica, "valkey-3"];
    await this.#follow();
    await this.setFlushTime(this.#flushMs);
  }

  async #follow() {
    this.#replicaPort = await freePort();
    this.#start(this.#replica, this.#replicaPort, "always", "--replicaof", "127.0.0.1", this.port);
    await until("the replica follows", async () => {
      const said = await command(this.port, "INFO", "replication").catch(() => "");
      return said.includes("state=online");
    });
  }

  #start(name, port, appendFsync, ...further) {
    const folder = `${this.#processes.folder}/${name}`;
    mkdirSync(folder);
    this.#processes.start(name, [
      server, "--port", port, "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "yes", "--appendfsync", appendFsync,
      "--repl-diskless-sync-delay", 0, "--enable-debug-command", "local", "--maxmemory-policy", "noeviction", ...further,
    ]);
  }

  #answers(port) {
    return command(port, "PING").then((said) => said === "PONG", () => false);
  }
}

async function command(port, ...words) {
  const { stdout } = await run(client, ["-p", port, "-e", ...words].map(String));
  return stdout.trim();
}
