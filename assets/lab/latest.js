/**
 * Work for the server while a slider moves: one request at a time, and after it the newest wish alone.
 * @template W, R
 */
export class Latest {
  /**
   * @param {(wish: W) => Promise<R>} run
   * @param {(result: R, wish: W) => void} onResult only for a wish that nothing newer has replaced
   * @param {(error: Error) => void} onError
   */
  constructor(run, onResult, onError) {
    this._run = run;
    this._onResult = onResult;
    this._onError = onError;
    this._wish = null;
    this.isBusy = false;
  }

  /** @param {W} wish */
  ask(wish) {
    this._wish = { wish };
    if (!this.isBusy) this._work();
  }

  /** Forget what has not been sent, and what is under way. */
  forget() {
    this._wish = null;
    this._generation = (this._generation ?? 0) + 1;
  }

  async _work() {
    this.isBusy = true;
    while (this._wish) {
      const { wish } = this._wish;
      const generation = this._generation;
      this._wish = null;
      try {
        const result = await this._run(wish);
        if (!this._wish && generation === this._generation) {
          this.isBusy = false;
          this._onResult(result, wish);
        }
      } catch (error) {
        if (!this._wish && generation === this._generation) this._onError(error);
      }
    }
    this.isBusy = false;
  }
}
