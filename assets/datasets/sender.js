/** Sends the files of an upload in parts, several at a time, and goes on after a broken connection. */
import { ApiError, json, query } from "../shared/api.js";

/**
 * @import { ReceivedOut, UploadOut, UploadStateOut } from "../shared/openapi"
 * @import { Chosen } from "./dropped.js"
 */

const AT_ONCE = 3;
const PATIENCE_MS = 15 * 60_000; // as long as the studio may be out of reach
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

/**
 * @param {UploadOut} upload
 * @param {Chosen[]} chosen
 * @param {(sent: number, isWaiting: boolean) => void} report how many bytes are there, and whether the studio is
 *   out of reach
 * @param {AbortSignal} signal
 */
export async function send(upload, chosen, report, signal) {
  /** @type {UploadStateOut} */
  const state = await patiently(() => json(`/uploads/${upload.id}`, { cache: "no-store", signal }), signal);
  /** @type {Map<string, number>} */
  const there = new Map();
  for (const { path } of chosen) there.set(path, state.received[path.normalize("NFC")] ?? 0);
  const tell = (isWaiting = false) =>
    report(
      [...there.values()].reduce((sum, one) => sum + one, 0),
      isWaiting,
    );
  tell();
  const waiting = chosen.filter(({ path, file }) => file.size === 0 || (there.get(path) ?? 0) < file.size);
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { path, file } = next;
      let offset = there.get(path) ?? 0;
      do {
        const part = file.slice(offset, offset + upload.chunk_bytes);
        const address = `/uploads/${upload.id}/files?${query({ path, size: file.size, offset })}`;
        /** @type {ReceivedOut} */
        const answer = await patiently(
          () => json(address, { method: "PUT", body: part, signal }),
          signal,
          () => tell(true),
        );
        offset = answer.received;
        there.set(path, offset);
        tell();
      } while (offset < file.size);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/**
 * Try again while the studio is out of reach.
 * @template Answer
 * @param {() => Promise<Answer>} request
 * @param {AbortSignal} signal
 * @param {() => void} [waits] called before each pause
 * @returns {Promise<Answer>}
 */
async function patiently(request, signal, waits = () => {}) {
  const until = Date.now() + PATIENCE_MS;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      return await request();
    } catch (error) {
      if (signal.aborted || !(error instanceof ApiError && error.isTransient) || Date.now() > until)
        throw error;
    }
    waits();
    await new Promise((done) => setTimeout(done, pause));
  }
}
