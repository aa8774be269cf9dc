/**
 * Requests while a slider moves: one at a time, and after it only the newest. An answer is shown even when something
 * newer is wanted by then, so that the page follows the slider.
 * @template Request, Answer
 */
export class Latest {
  #run;
  #onAnswer;
  #onError;
  /** @type {{request: Request}|null} */
  #waiting = null;
  #isWorking = false;
  #generation = 0;
  /** Whether something newer than the last answer is wanted. */
  isBusy = false;

  /**
   * @param {(request: Request) => Promise<Answer>} run
   * @param {(answer: Answer, request: Request) => void} onAnswer not called for what was forgotten
   * @param {(error: unknown) => void} onError
   */
  constructor(run, onAnswer, onError) {
    this.#run = run;
    this.#onAnswer = onAnswer;
    this.#onError = onError;
  }

  /** @param {Request} request */
  ask(request) {
    this.#waiting = { request };
    this.isBusy = true;
    if (!this.#isWorking) void this.#work();
  }

  /** Forget the request that is waiting and the one that is being answered. */
  forget() {
    this.#waiting = null;
    this.#generation += 1;
  }

  async #work() {
    this.#isWorking = true;
    while (this.#waiting) {
      const { request } = this.#waiting;
      const generation = this.#generation;
      this.#waiting = null;
      try {
        const answer = await this.#run(request);
        if (generation === this.#generation) {
          this.isBusy = this.#waiting !== null;
          this.#onAnswer(answer, request);
        }
      } catch (error) {
        if (!this.#waiting && generation === this.#generation) this.#onError(error);
      }
    }
    this.#isWorking = false;
    this.isBusy = false;
  }
}
