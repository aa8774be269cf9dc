/**
 * Work for the server while a slider moves: one request at a time, and after it the newest wish alone. What comes
 * back is shown though something newer is wanted by then, so that the page follows the slider.
 * @template W, R
 */
export class Latest {
  /**
   * @param {(wish: W) => Promise<R>} run
   * @param {(result: R, wish: W) => void} onResult unless it was forgotten
   * @param {(error: Error) => void} onError
   */
  constructor(run, onResult, onError) {
    this._run = run;
    this._onResult = onResult;
    this._onError = onError;
    this._wish = null;
    this._isWorking = false;
    /** Whether something newer than the last result is wanted. */
    this.isBusy = false;
  }

  /** @param {W} wish */
  ask(wish) {
    this._wish = { wish };
    this.isBusy = true;
    if (!this._isWorking) this._work();
  }

  /** Forget what has not been sent, and what is under way. */
  forget() {
    this._wish = null;
    this._generation = (this._generation ?? 0) + 1;
  }

  async _work() {
    this._isWorking = true;
    while (this._wish) {
      const { wish } = this._wish;
      const generation = this._generation;
      this._wish = null;
      try {
        const result = await this._run(wish);
        if (generation === this._generation) {
          this.isBusy = this._wish !== null;
          this._onResult(result, wish);
        }
      } catch (error) {
        if (!this._wish && generation === this._generation) this._onError(error);
      }
    }
    this._isWorking = false;
    this.isBusy = false;
  }
}
