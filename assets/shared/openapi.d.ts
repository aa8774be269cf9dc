/**
 * What travels between the routes and the pages, made from the OpenAPI description.
 * Do not edit: `python -m tests.api_types` writes this file.
 */

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    /** @description The account of the asking person. */
    AccountOut: {
      name: string;
      is_admin: boolean;
      has_password: boolean;
      /** @description Name of the provider that the account can be linked to */
      provider: string | null;
      identities: components["schemas"]["IdentityOut"][];
      roles: components["schemas"]["RoleOut"][];
      sign_ins: components["schemas"]["SignInOut"][];
      tokens: components["schemas"]["TokenOut"][];
    };
    AdminIn: {
      is_admin: boolean;
    };
    /** @description How far people agree who labeled the same pictures without knowing it. */
    AgreementOut: {
      /** @description Pictures that several people were given */
      shared: number;
      /** @description Those that at least two have finished */
      compared: number;
      classes: components["schemas"]["ClassIouOut"][];
      pairs: components["schemas"]["PairIouOut"][];
      /** @description The largest differences first */
      items: components["schemas"]["SharedItemOut"][];
    };
    /** @description Who did what, when and from where. */
    AuditEntryOut: {
      id: number;
      /** Format: date-time */
      at: string;
      name: string | null;
      action: string;
      status: number;
      address: string;
      dataset_id: number | null;
      item_id: number | null;
      run_id: number | null;
      detail: {
        [key: string]: unknown;
      } | null;
    };
    /** @description Bounds of a number; None where there is none. An exclusive bound is not allowed itself. */
    Bounds: {
      minimum?: number | null;
      maximum?: number | null;
      /** @default false */
      is_minimum_exclusive: boolean;
      /** @default false */
      is_maximum_exclusive: boolean;
    };
    /** @description One object of this class fills this rectangle; a box of background is empty. */
    BoxSeed: {
      /** @description 0 for background, else a class index */
      label: number;
      /**
       * @description When it was set, by the browser's clock
       * @default null
       */
      at: string | null;
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      kind: "box";
      top: number;
      left: number;
      /** @description First row below the box */
      bottom: number;
      /** @description First column to the right of the box */
      right: number;
    };
    /** @description What is to be done to many pictures. */
    BulkIn: {
      /** @enum {string} */
      action: "accept" | "reject" | "skip" | "tag" | "untag";
      /** @description The tag */
      class_index?: number | null;
      ids: number[];
      /** @description The revision that each picture was shown at, 0 for none; null if it was only listed */
      shown: (number | null)[];
      listed_at: number;
    };
    /** @description This person's last bulk action on the dataset. */
    BulkOut: {
      work: components["schemas"]["BulkWorkOut"] | null;
      can_undo: boolean;
    };
    /** @description A bulk action of this person. */
    BulkWorkOut: {
      /** @enum {string} */
      state: "running" | "done" | "failed";
      done: number;
      total: number;
      /** @description What it did, or why it failed; empty while it runs */
      sentence: string;
      /** @description The first pictures that were left as they were */
      left: components["schemas"]["LeftOut"][];
    };
    /** @description A class whose map is sent. */
    CamFacts: {
      index: number;
      name: string;
      /** @description Whether the classifier does not know it, and accepted masks have not taught it yet */
      weak: boolean;
      /** @description A sentence on how the classifier recognises it */
      seen_as: string;
      /** @description Of whole and tiled map, 0..1 */
      disagreement: number;
    };
    /** @description Header of the class activation maps of a picture. */
    CamsHeader: {
      /** @description Identity of the model */
      model: string;
      /** @description n of the n x n tiles */
      tiles: number;
      /** @description Map value up to which a pixel of the proposal is background, 0..1 */
      threshold: number;
      /** @description In the order of the maps */
      classes: components["schemas"]["CamFacts"][];
    };
    /** @description A picture whose tags change. */
    ChangedPicture: {
      name: string;
      added: string[];
      removed: string[];
    };
    /** @description One part of the studio. */
    CheckOut: {
      /** @description database, disk, model or worker */
      name: string;
      /** @enum {string} */
      state: "ok" | "degraded" | "failed";
      /** @description A sentence on what is wrong; empty if nothing is */
      message: string;
    };
    /** @description A class that was merged or removed. */
    ClassChangeOut: {
      id: number;
      /** @description What was done, in words */
      text: string;
      author: string | null;
      /** @description UTC, ISO 8601 */
      created_at: string;
      /** @enum {string} */
      state: "applying" | "applied" | "undoing" | "undone";
      can_undo: boolean;
    };
    /** @description A class whose maps are in the answer. */
    ClassFacts: {
      index: number;
      name: string;
      /** @description #rrggbb */
      color: string;
      tagged: boolean;
      /** @description Whether its map is only a hint: the classifier does not know it, and accepted masks have not shown that what they taught helps */
      weak: boolean;
      /** @description A sentence about how the classifier recognises it */
      seen_as: string;
      /** @description Mean of equation 1 at scale 1 over the picture (equation 2) */
      logit: number;
      /** @description Largest sum of positive parts over scales and views */
      maximum: number;
    };
    /**
     * @description How well a class does over all measured pictures, and which classes it is confused with.
     *
     *     Low precision means that it is painted beyond its objects (over-activation), low recall that parts of its
     *     objects are not painted (under-activation). The background counts as a class.
     */
    ClassFigures: {
      index: number;
      name: string;
      iou: number;
      precision: number | null;
      recall: number | null;
      /** @description Up to two classes that most of its true pixels are painted as, with their share of these */
      missed: components["schemas"]["ShareOfPixels"][];
      /** @description Up to two classes that most of its painted pixels belong to, with their share of these */
      stolen: components["schemas"]["ShareOfPixels"][];
    };
    /** @description A class as somebody wants it. */
    ClassIn: {
      /** @description Null for a new class */
      index?: number | null;
      name: string;
      /** @description Null for VOC's */
      color?: string | null;
      hotkey?: number | null;
      description?: string | null;
    };
    /** @description How far people agree about a class. */
    ClassIouOut: {
      /** @description Intersection over union, 0 to 1; a mean over classes where several are */
      iou: number;
      pictures: number;
      /** @description With `high` the 95 % interval; null for fewer than ten pictures */
      low: number | null;
      high: number | null;
      index: number;
      name: string;
    };
    /** @description All classes of the list, in the order in which they are to be shown. */
    ClassListIn: {
      revision: number;
      classes: components["schemas"]["ClassIn"][];
    };
    /** @description The class list, its history of changes, and the work that is going on. */
    ClassListOut: {
      /** @description To be sent with a change */
      revision: number;
      /** @description In the order in which they are shown */
      classes: components["schemas"]["ListedClassOut"][];
      /** @description As many colours that are easily told apart, in the order of the classes */
      distinct_colors: string[];
      /** @description The newest first */
      changes: components["schemas"]["ClassChangeOut"][];
      work: components["schemas"]["ClassWorkOut"] | null;
    };
    /** @description What one class adds to the losses of a picture. */
    ClassLossFacts: {
      name: string;
      is_tagged: boolean;
      /** @description Mean of its whole map */
      whole_logit: number;
      /** @description Mean of its tiled map */
      tiled_logit: number;
      /** @description Equation 4 for this class, whole map */
      classification: number;
      /** @description Equation 4 for this class, tiled map */
      tile_classification: number;
    };
    /** @description A class of the class list; index 0 is the background. */
    ClassOut: {
      index: number;
      name: string;
      /** @description #rrggbb */
      color: string;
      /** @description See the class list */
      hotkey?: number | null;
      description?: string | null;
      /** @description Place where classes are shown; null comes last */
      position?: number | null;
      /** @description What its pixels became, if it was merged or removed; only history shows it */
      retired_to?: number | null;
    };
    /** @description All figures about one class of a dataset. */
    ClassPage: {
      index: number;
      name: string;
      /** @description Number of measured pictures in which the class is tagged */
      pictures: number;
      stages: components["schemas"]["StageOfClass"][];
      /** @description Those first that are confused with the class most often */
      together: components["schemas"]["OtherTag"][];
      worst: components["schemas"]["PictureOfClass"][];
      best: components["schemas"]["PictureOfClass"][];
    };
    /** @description Background work on masks. */
    ClassWorkOut: {
      /** @enum {string} */
      state: "running" | "done" | "failed";
      done: number;
      total: number;
      /** @description What it found or did, or why it failed; empty while it runs */
      sentence: string;
    };
    /** @description How much of a class is left: pictures with its tag. */
    ClassWorkRow: {
      name: string;
      unfinished: number;
      /** @description Pictures that were finished in the last seven days */
      finished: number;
      /** @description Days until all are finished at that pace; null without any */
      days_left: number | null;
    };
    /** @description The object at this pixel is of this class. */
    ClickSeed: {
      /** @description 0 for background, else a class index */
      label: number;
      /**
       * @description When it was set, by the browser's clock
       * @default null
       */
      at: string | null;
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      kind: "click";
      y: number;
      x: number;
    };
    /** @description A remark at a place of a picture. */
    CommentIn: {
      /** @description Pixels from the left of the upright picture */
      x: number;
      /** @description Pixels from the top */
      y: number;
      text: string;
    };
    CommentOut: {
      /** @description Pixels from the left of the upright picture */
      x: number;
      /** @description Pixels from the top */
      y: number;
      text: string;
      id: number;
      author: string;
      /** @description UTC, ISO 8601 */
      created_at: string;
      is_resolved: boolean;
    };
    /** @description IoU of a class over all compared pictures; `first` and `second` against the reference masks. */
    ComparedClass: {
      index: number;
      name: string;
      first: number | null;
      second: number | null;
      /** @description IoU of the class between the two sources' masks */
      agreement: number | null;
    };
    /** @description A measured output of several runs. */
    ComparedFigure: {
      name: string;
      title: string;
      split: string;
      runs: (components["schemas"]["ComparedScore"] | null)[];
    };
    /** @description IoU of a class, run by run. */
    ComparedIou: {
      class: string;
      values: (number | null)[];
    };
    /** @description A compared picture, with what the second mask gains over the first. */
    ComparedPictureOut: {
      id: number;
      name: string;
      tags: number[];
      /** @description IoU of the two masks with each other */
      agreement: number;
      /** @description IoU of the first mask with the reference mask; null without a reference mask */
      first: number | null;
      /** @description IoU of the second mask with the reference mask; null without a reference mask */
      second: number | null;
      gain: number | null;
    };
    /** @description A run that is compared. */
    ComparedRun: {
      id: number;
      name: string;
      /** @enum {string} */
      status: "queued" | "claimed" | "running" | "stopping" | "done" | "failed" | "cancelled";
    };
    /** @description Mean IoU of an output of one run. */
    ComparedScore: {
      honest: number | null;
      oracle: number | null;
      pictures: number | null;
    };
    /** @description A setting that is not the same in all runs. */
    ComparedSetting: {
      setting: string;
      values: unknown[];
    };
    /** @description Hints that point out what is right. */
    ConfirmIn: {
      hints: components["schemas"]["HintBody"][];
    };
    /** @description Which consensus becomes the newest mask. */
    ConsensusIn: {
      /** @enum {string} */
      method: "majority" | "staple";
    };
    /** @description Constants of the label CRF; the defaults are those usual for CAM pseudo-labels on VOC. */
    CrfConfig: {
      /**
       * @description Mean-field iterations of the dense CRF.
       * @default 10
       */
      iterations: number;
      /**
       * @description Probability that a pixel's label is right before smoothing.
       * @default 0.7
       */
      gt_prob: number;
      /**
       * @description Reach of the position-only kernel in pixels.
       * @default 3
       */
      gaussian_sxy_px: number;
      /**
       * @description Weight of the position-only kernel.
       * @default 3
       */
      gaussian_compat: number;
      /**
       * @description Reach of the colour kernel in pixels.
       * @default 50
       */
      bilateral_sxy_px: number;
      /**
       * @description Reach of the colour kernel in colour levels, 0 to 255.
       * @default 5
       */
      bilateral_srgb: number;
      /**
       * @description Weight of the colour kernel.
       * @default 10
       */
      bilateral_compat: number;
      /**
       * @description Longer side in pixels at which the CRF runs; larger pictures are scaled down for it, and its probabilities up. Its reach suits about 500 pixels, and its time grows with the area.
       * @default 640
       */
      max_side: number;
    };
    /** @description Loss curves of one training; all lists are of one length. */
    CurveFacts: {
      steps: number[];
      /** @description Steps of the whole training */
      total: number;
      /** @description By name */
      losses: {
        [key: string]: (number | null)[];
      };
      learning_rate: (number | null)[];
    };
    /** @description The figures of a class at one background threshold. */
    CurvePoint: {
      iou: number | null;
      /** @description Share of the pixels painted as the class that are right */
      precision: number | null;
      /** @description Share of the class's true pixels that are painted as it */
      recall: number | null;
      threshold: number;
    };
    /** @description Loss curves by stage. */
    CurvesOut: {
      /** @description Number of the newest step event; the same number means the same curves */
      last: number;
      stages: {
        [key: string]: components["schemas"]["CurveFacts"];
      };
    };
    /** @description The progress of comparing, and one page of the last comparison of these two. */
    DatasetComparisonOut: {
      /** @enum {string} */
      state: "none" | "running" | "done" | "failed";
      /** @default 0 */
      done: number;
      /** @default 0 */
      total: number;
      problem?: string | null;
      titles?: [string, string] | null;
      /** @default [] */
      classes: components["schemas"]["ComparedClass"][];
      /**
       * @description Those that got worse first
       * @default []
       */
      rows: components["schemas"]["ComparedPictureOut"][];
      /** @default 0 */
      pictures: number;
      /** @default 0 */
      measured: number;
      /** @default 0 */
      missing: number;
      /** @default 0 */
      taught: number;
      /**
       * @description Pictures whose IoU is lower with the second
       * @default 0
       */
      worse: number;
      /** @default 0 */
      better: number;
    };
    /** @description The name of a dataset. */
    DatasetNameIn: {
      name: string;
    };
    /** @description A dataset by its name. */
    DatasetNameOut: {
      id: number;
      name: string;
    };
    /** @description A dataset, with everything that a page needs to open it. */
    DatasetOut: {
      id: number;
      name: string;
      items: number;
      counts: {
        [key: string]: number;
      };
      classes: components["schemas"]["ClassOut"][];
      splits: string[];
      /** @description Everybody who has changed a picture */
      authors: string[];
      /** @description Whether its pictures are in the workspace */
      takes_uploads: boolean;
      /** @description Whether pictures are assigned to people */
      is_shared_out: boolean;
      /**
       * @description Which finished pictures get a second look
       * @enum {string}
       */
      second_look: "off" | "all" | "nth" | "doubt" | "beginner";
      /** @description How many pictures are assigned to this person */
      own_items: number;
      /** @description Whether it is shown only on the pages Datasets and Export */
      is_archived: boolean;
      /** @description Whether this person leads it */
      is_lead: boolean;
      /** @description Id of the picture that stands for it; null without pictures */
      cover: number | null;
    };
    DatasetsOut: {
      datasets: components["schemas"]["DatasetOut"][];
    };
    /** @description A labeler's decision. */
    DecisionIn: {
      /** @enum {string} */
      action: "accept" | "reject" | "skip" | "revert";
      seconds_spent?: number | null;
    };
    /** @description Estimated time and memory of a run on this machine. */
    EstimateFacts: {
      /** @description By stage */
      seconds: {
        [key: string]: number;
      };
      total_s: number;
      memory_mb: number | null;
      /** @description A sentence on where the figures come from */
      basis: string;
    };
    /** @description The job of an estimate. */
    EstimateJob: {
      /** @enum {string} */
      state: "running" | "done" | "failed";
      /** @description Finished parts */
      done: number;
      /** @description 0 before it is known */
      total: number;
      /** @description Null until the state is done */
      result: components["schemas"]["EstimateFacts"] | null;
      /** @description A sentence, where the state is failed */
      problem: string | null;
    };
    /** @description Header of the other views of a picture's classes. */
    ExplanationsHeader: {
      /** @description Why the answer has no arrays; null if it has them */
      none: string | null;
    };
    /** @description What to export. */
    ExportIn: {
      /**
       * @description A format that `dataset export` knows
       * @default voc
       */
      format: string;
      statuses?: (
        "new" | "proposed" | "drafted" | "accepted" | "corrected" | "rejected" | "skipped" | "returned"
      )[];
      /** @description Only these; empty for all */
      splits?: string[];
      /** @description Only pictures with one of these tags */
      with_tags?: string[];
      /** @default 0 */
      void_boundary_px: number;
    };
    /** @description An export that the workspace keeps. */
    ExportOut: {
      name: string;
      /** @description Name that the dataset had */
      dataset: string;
      created: string;
      /** @description Who started it; null if that is not known */
      by: string | null;
      format: string;
      pictures: number;
      /** @description Pictures that could not be exported */
      left_out: number;
      classes: string[];
      statuses: string[];
      /** @description Empty if all were exported */
      splits: string[];
      /** @description Empty if all were exported */
      with_tags: string[];
      void_boundary_px: number;
      size_bytes: number;
    };
    /** @description How far the newest export is that was started by this route. */
    ExportWorkOut: {
      /** @enum {string} */
      state: "running" | "done" | "failed";
      done: number;
      total: number;
      problem: string | null;
      /** @description Name of the export once it is done */
      name: string | null;
    };
    ExportsOut: {
      /** @description The newest first */
      exports: components["schemas"]["ExportOut"][];
      work: components["schemas"]["ExportWorkOut"] | null;
    };
    /** @description How good one output of a run is. */
    FigureFacts: {
      name: string;
      title: string;
      split: string;
      pictures: number;
      honest: components["schemas"]["ScoreFacts"];
      /** @description With the threshold chosen on the ground truth */
      oracle: components["schemas"]["ScoreFacts"] | null;
    };
    /** @description Which figures to draw; all runs are on the same dataset. */
    FiguresIn: {
      /** @description Run for (a), (b) of figure 1 */
      baseline?: number | null;
      /**
       * @description Further runs for figure 3
       * @default []
       */
      compare: number[];
      /** @default 4 */
      pictures: number;
    };
    /** @description The progress of drawing, and the figures there are. */
    FiguresOut: {
      /** @enum {string} */
      state: "none" | "running" | "done" | "failed";
      /** @default 0 */
      done: number;
      /** @default 0 */
      total: number;
      problem?: string | null;
      /**
       * @description Names of the figures; each exists as svg and png
       * @default []
       */
      figures: string[];
      /** @default [] */
      notes: string[];
      /**
       * @description Changes when they are drawn again
       * @default 0
       */
      version: number;
    };
    /** @description Pictures whose maps were stored after an epoch. */
    FilmFrame: {
      /** @description 0 is before the first step */
      epoch: number;
      /** @description Their identifiers in the run */
      pictures: string[];
    };
    /** @description Header of the first maps of a picture; it is empty. */
    FirstHeader: Record<string, never>;
    /**
     * @description One setting.
     *
     *     Attributes:
     *         name: dotted, as in `--set`.
     *         kind: "numbers" is a list separated by commas; an empty "text" means no value.
     *         description: that of the field in `trainer.config`.
     *         minimum, maximum: bounds; an exclusive bound is not allowed itself.
     *         choices: values of a "choice".
     *         is_optional: whether it may have no value.
     *         is_common: whether it is shown at first, not only among all settings.
     */
    FormField: {
      name: string;
      /** @enum {string} */
      kind: "integer" | "number" | "boolean" | "choice" | "text" | "numbers";
      description: string;
      minimum?: number | null;
      maximum?: number | null;
      /** @default false */
      is_minimum_exclusive: boolean;
      /** @default false */
      is_maximum_exclusive: boolean;
      /** @default [] */
      choices: string[];
      /** @default false */
      is_optional: boolean;
      /** @default false */
      is_common: boolean;
    };
    /** @description The form: settings with names, descriptions and bounds; the shipped recipes with their values. */
    FormOut: {
      fields: components["schemas"]["FormField"][];
      recipes: components["schemas"]["RecipeChoice"][];
    };
    /** @description Ids of pictures, in order. */
    GalleryOut: {
      ids: number[];
      /** @description Value for `after` to get the next ids; null after the last */
      next: string | null;
      /** @description How many there are in all; only with the first ids */
      total: number | null;
      /** @description The newest revision now; to be sent with a bulk action */
      listed_at: number;
    };
    /** @description Pictures to describe. */
    GalleryRowsIn: {
      ids: number[];
    };
    GalleryRowsOut: {
      /** @description In the order asked for; those that are gone are left out */
      items: components["schemas"]["ItemRow"][];
    };
    /** @description Who gets gold pictures without knowing it. */
    GiveIn: {
      people: string[];
      /**
       * @description How many each person gets
       * @default 5
       */
      count: number;
    };
    /** @description How many copies each person got. */
    GivenOut: {
      shares: {
        [key: string]: number;
      };
    };
    /** @description Pictures that become gold. */
    GoldIn: {
      /** @default [] */
      ids: number[];
      /**
       * @description Also all pictures that have ground truth
       * @default false
       */
      ground_truth: boolean;
    };
    /** @description A gold picture. */
    GoldItemOut: {
      item_id: number;
      name: string;
    };
    /** @description The gold pictures of a dataset, and the scores of the people who labeled copies of them. */
    GoldOut: {
      items: components["schemas"]["GoldItemOut"][];
      scores: components["schemas"]["GoldScoreOut"][];
      /** @description Pictures that have ground truth and can become gold */
      ground_truth: number;
    };
    /** @description How close a person's masks come to the gold masks. */
    GoldScoreOut: {
      /** @description Intersection over union, 0 to 1; a mean over classes where several are */
      iou: number;
      pictures: number;
      /** @description With `high` the 95 % interval; null for fewer than ten pictures */
      low: number | null;
      high: number | null;
      name: string;
      /** @description Copies of gold pictures that the person was given */
      given: number;
    };
    HTTPValidationError: {
      detail?: components["schemas"]["ValidationError"][];
    };
    /** @description Whether the app works, and which parts are available. */
    Health: {
      /**
       * @description Of the whole: that of the worst check
       * @enum {string}
       */
      status: "ok" | "degraded" | "failed";
      /** @description Each is done every few seconds */
      checks: components["schemas"]["CheckOut"][];
      version: string;
      /** @description Whether the classifier is in memory */
      model_loaded: boolean;
      crf_available: boolean;
      /** @description A sentence: why the CRF is off, or that it is on */
      crf_reason: string;
      /** @description Pictures that are waiting for maps */
      waiting: number;
    };
    /** @description One hint. */
    HintBody: {
      /** @description 0: about the whole mask */
      class_index: number;
      /** @enum {string} */
      kind: "empty" | "untagged" | "absent" | "specks" | "size" | "place";
    };
    /** @description One entry of a picture's history, with the seeds set since the previous entry. */
    HistoryEntry: {
      /** @description Id; in `ETag` and `If-Match` */
      id: number;
      /** @description Place in the picture's history, from 1 */
      sequence: number;
      /** @enum {string} */
      action:
        | "proposed"
        | "drafted"
        | "accepted"
        | "corrected"
        | "rejected"
        | "skipped"
        | "reverted"
        | "withdrawn"
        | "returned";
      /** @description Null for the program */
      author: string | null;
      /** @description UTC, ISO 8601 */
      created_at: string;
      has_mask: boolean;
      /** @description Identity of the model or run that proposed it */
      proposed_by: string | null;
      seconds_spent: number | null;
      /** @description What the program did, if it was not a person's decision */
      note: string | null;
      /** @description Answers of the Smart tool, in order; each can be repeated */
      seeds: components["schemas"]["Step"][];
    };
    /** @description An identity of the account. */
    IdentityIn: {
      issuer: string;
      subject: string;
    };
    /** @description An identity at a provider of OpenID Connect that signs in to the account. */
    IdentityOut: {
      issuer: string;
      subject: string;
      /** Format: date-time */
      created_at: string;
      /** @description Whether nobody could sign in to the account without it */
      is_only_way_in: boolean;
    };
    /** @description What becomes of an upload. */
    ImportIn: {
      /** @description What masks in the upload become; null leaves them out */
      masks?: ("proposals" | "ground-truth" | "accepted") | null;
    };
    /** @description Whom to invite. */
    InvitationIn: {
      /** @enum {string} */
      role: "labeler" | "reviewer" | "lead" | "admin";
      dataset_ids?: number[];
      name?: string | null;
      /** @default 7 */
      days: number;
    };
    /** @description An invitation that can still be used. */
    InvitationOut: {
      id: number;
      /** @enum {string} */
      role: "labeler" | "reviewer" | "lead" | "admin";
      datasets: string[];
      /** @description The only name that the account can have */
      name: string | null;
      /** @description Whether it lets the owner of an account choose another password */
      is_reset: boolean;
      created_by: string | null;
      /** Format: date-time */
      expires_at: string;
    };
    /** @description A picture. */
    ItemOut: {
      revision: components["schemas"]["RevisionOut"] | null;
      /** @enum {string} */
      status: "new" | "proposed" | "drafted" | "accepted" | "corrected" | "rejected" | "skipped" | "returned";
      id: number;
      dataset_id: number;
      name: string;
      width: number;
      height: number;
      split: string | null;
      tags: number[];
      disagreement: number | null;
      label_set_revision: number;
      /** @description By the person who asks */
      bookmarked: boolean;
      /** @description Its file is not where it should be; its masks and history are there */
      missing: boolean;
    };
    /**
     * @description What publishing would do to one item.
     *
     *     Attributes:
     *         verdict: items that are "changed" or "new" get the run's mask; "unchanged" ones have it already;
     *             "kept" ones have been worked on by a person; "left out" ones cannot get it, see `reason`.
     *         iou: mean IoU of the old and the new mask; None if there is no old one or nothing changes.
     *         remark: why the new mask is probably useless; None if nothing changes, too.
     */
    ItemPlan: {
      item_id: number;
      name: string;
      /** @enum {string} */
      verdict: "changed" | "new" | "unchanged" | "kept" | "left out";
      iou?: number | null;
      reason?: string | null;
      remark?: ("whole" | "empty") | null;
    };
    /** @description A picture in the queue. */
    ItemRow: {
      id: number;
      name: string;
      width: number;
      height: number;
      tags: number[];
      split: string | null;
      /** @enum {string} */
      status: "new" | "proposed" | "drafted" | "accepted" | "corrected" | "rejected" | "skipped" | "returned";
      revision: number | null;
      author: string | null;
      disagreement: number | null;
      /** @description By the person who asks */
      bookmarked: boolean;
      /** @description How doubtful the proposal is, 0..1; null if no model has processed the picture */
      doubt: number | null;
    };
    /** @description Status of a picture after a change. */
    ItemState: {
      revision: components["schemas"]["RevisionOut"] | null;
      /** @enum {string} */
      status: "new" | "proposed" | "drafted" | "accepted" | "corrected" | "rejected" | "skipped" | "returned";
    };
    ItemsOut: {
      items: components["schemas"]["ItemRow"][];
      /** @description Value for `after` to get the next page; null on the last */
      next: string | null;
      total: number;
      /** @description In the order of doubt: how many of the pictures no model has processed; they come last */
      doubt_unknown: number | null;
    };
    /** @description A tab that wants a picture. */
    LeaseIn: {
      /** @description Names the browser tab */
      holder: string;
      /**
       * @description Take it from this person's own other tab
       * @default false
       */
      take_over: boolean;
    };
    /** @description Who has a picture. */
    LeaseOut: {
      item_id: number;
      /** @description Whether the tab that asked has it */
      granted: boolean;
      /** @description Whether the same person has it, in this tab or another */
      own: boolean;
      user: string;
      /** @description UTC, ISO 8601 */
      since: string;
      /** @description When anybody can have it unless it is renewed; UTC, ISO 8601 */
      until: string;
    };
    /** @description A picture that was left as it was. */
    LeftOut: {
      item_id: number;
      name: string;
      reason: string;
    };
    /** @description A link that was just made; it is not shown again. */
    LinkOut: {
      /** @description Follows the address of the studio */
      path: string;
      /** Format: date-time */
      expires_at: string;
    };
    /** @description What is wrong with a row of a list. */
    ListProblemOut: {
      /** @description Name of the list, and the row */
      file: string;
      reason: string;
      remedy: string;
    };
    /** @description A class of the list. */
    ListedClassOut: {
      /** @description In masks and exports; it never changes */
      index: number;
      name: string;
      /** @description #rrggbb */
      color: string;
      /** @description Digit of its key, plus 10 with Shift; null for that of its place */
      hotkey: number | null;
      description: string | null;
      /** @description Pictures with it as a tag */
      tagged: number;
      /** @description Ids of finished pictures with it as a tag, at most four */
      examples: number[];
    };
    /** @description A class, and what the live model knows about it. */
    LiveClassOut: {
      index: number;
      name: string;
      /** @description Masks that the model has learned from and that show the class */
      masks: number;
      /** @description Unfinished pictures with this tag */
      tagged_todo: number;
      /** @description IoU, 0..1, of the maps without what was learned; null if it was not measured yet */
      iou_before: number | null;
      /** @description IoU, 0..1, with what was learned; each picture is measured by a model that has not seen its mask */
      iou_after: number | null;
      /** @description How much of what was learned is used for this class, 0..1; null if not measured yet */
      trust: number | null;
    };
    /** @description The class whose correction helps most now. */
    LiveNextOut: {
      index: number;
      name: string;
      /** @description One sentence */
      why: string;
    };
    /** @description What the live model of a dataset has learned. */
    LiveOut: {
      /** @description The state in words */
      sentence: string;
      paused: boolean;
      /** @description Whether it is learning, measuring or renewing proposals now */
      computing: boolean;
      /** @description Accepted masks that it has learned from */
      masks: number;
      /** @description Accepted masks that it has not learned from yet */
      waiting: number;
      /** @description Masks that the IoUs of the classes were measured on */
      measured_on: number;
      /** @description In the order of the class list, without background */
      classes: components["schemas"]["LiveClassOut"][];
      /** @description The class to correct next; null if no picture is left */
      next: components["schemas"]["LiveNextOut"] | null;
      ignored: components["schemas"]["LivePictureOut"][];
      /** @description When the model was reset: it ignores earlier decisions. UTC, ISO 8601; null if never */
      forgotten_before: string | null;
      /** @description Why it cannot learn; null if it can */
      problem: string | null;
    };
    /** @description A picture of the dataset. */
    LivePictureIn: {
      item_id: number;
    };
    /** @description A picture that the model does not learn from. */
    LivePictureOut: {
      id: number;
      name: string;
    };
    /** @description The end of the trainer's output. */
    LogOut: {
      lines: string[];
    };
    /** @description What a reviewer said. */
    LookOut: {
      /** @enum {string} */
      verdict: "approved" | "returned";
      reviewer: string;
      labeler: string;
      /** @description The mask that was looked at */
      revision: number;
      /** @description The labeler's mask, if the reviewer changed it */
      changed_from: number | null;
      /** @description UTC, ISO 8601 */
      created_at: string;
    };
    /** @description The second looks at a picture, the newest first, and all comments, the oldest first. */
    LooksOut: {
      looks: components["schemas"]["LookOut"][];
      comments: components["schemas"]["CommentOut"][];
    };
    /** @description Equation 7 for one picture. */
    LossFacts: {
      /** @description L_cls */
      classification: number;
      /** @description L_p-cls */
      tile_classification: number;
      /** @description L_re */
      reconstruction: number;
      /** @description Weight of L_re */
      alpha: number;
      /** @description Sum of the terms that the settings turn on */
      total: number;
      classes: components["schemas"]["ClassLossFacts"][];
    };
    /** @description How many pictures became gold, and which could not. */
    MarkedOut: {
      marked: number;
      /** @description Why some could not; the first ten */
      left: string[];
    };
    /** @description All settings with which a mask was made. */
    MaskFacts: {
      threshold: number;
      /** @description Null: without the dense CRF */
      crf: components["schemas"]["CrfConfig"] | null;
      /** @description Null: without a random walk */
      walk: components["schemas"]["WalkFacts"] | null;
    };
    /** @description Header of a mask made with other settings. */
    MaskHeader: {
      settings: components["schemas"]["MaskFacts"];
      /** @description Whether the CRF ran at half the size with few iterations */
      is_draft: boolean;
    };
    /** @description What a mask of this picture is compared with. */
    MaskHintsOut: {
      /** @description Accepted masks of other pictures that were looked at */
      masks: number;
      /** @description A class with fewer masks is not compared */
      least_masks: number;
      classes: components["schemas"]["UsualOut"][];
      confirmed: components["schemas"]["HintBody"][];
    };
    /** @description Settings of a mask; for those left out the model's own are used. */
    MaskIn: {
      threshold?: number | null;
      use_crf?: boolean | null;
      crf?: components["schemas"]["CrfConfig"] | null;
      walk?: components["schemas"]["WalkIn"] | null;
    };
    /** @description Settings of a mask that a person is waiting for. */
    MaskOnScreenIn: {
      threshold?: number | null;
      use_crf?: boolean | null;
      crf?: components["schemas"]["CrfConfig"] | null;
      walk?: components["schemas"]["WalkIn"] | null;
      /**
       * @description Where the CRF would take long, it may run at half the size with few iterations
       * @default false
       */
      may_be_draft: boolean;
    };
    /** @description A person, what they have to do, and what they have open. */
    MemberOut: {
      name: string;
      /** @description Assigned pictures that are not finished */
      to_do: number;
      /** @description Assigned pictures that are accepted or corrected */
      done: number;
      /** @description Ids of the pictures that the person has open */
      open_items: number[];
    };
    /** @description A sentence of the worker or the trainer. */
    MessageFacts: {
      /** @description UTC, ISO 8601 */
      time: string;
      kind: string;
      message: string;
    };
    /** @description What was measured against ground truth. */
    MetricsFacts: {
      /**
       * @description Empty where there is no ground truth
       * @default []
       */
      rows: components["schemas"]["FigureFacts"][];
      /**
       * @description A sentence on what was measured
       * @default
       */
      note: string;
    };
    /** @description A model or run that the Lab can show. */
    ModelChoice: {
      /** @description Null if only its moments can be chosen */
      key: string | null;
      title: string;
      moments: components["schemas"]["Moment"][];
      /** @description Tags of the picture that the run was not trained on, so that their maps are empty */
      not_learned: string[];
    };
    /** @description A model, its settings, and a sentence for each part that it lacks. */
    ModelFacts: {
      identity: string;
      title: string;
      is_trained: boolean;
      /** @description Background threshold, 0 to 1 */
      threshold: number;
      scales: number[];
      /** @description Whether the mirrored picture is used too */
      flip: boolean;
      /** @description Larger pictures are scaled down to this longer side, in pixels */
      max_side: number;
      tiles_per_side: number;
      /** @description 0: the CAMs are not spread over cells with similar features */
      affinity_power: number;
      /** @description Weight of each classifier in the CAM */
      shares: number[];
      /** @description Null if the model makes masks without the dense CRF */
      crf: components["schemas"]["CrfConfig"] | null;
      /** @description Pieces of the mask below this share of the picture go to what surrounds them */
      min_piece_share: number;
      /** @description Constants for the dense CRF when it is turned on */
      crf_constants: components["schemas"]["CrfConfig"];
      /** @description Bounds of each constant, by name */
      crf_bounds: {
        [key: string]: components["schemas"]["Bounds"];
      };
      /** @description Why the dense CRF cannot be used; null if it can */
      no_crf: string | null;
      walk: components["schemas"]["WalkFacts"] | null;
      /** @description Bounds of what may be asked for, by name */
      walk_bounds: {
        [key: string]: components["schemas"]["Bounds"];
      };
      /** @description Whether the random walk includes the background */
      walk_background: boolean;
      /** @description Why there is no random walk; null if there is one */
      no_walk: string | null;
    };
    /** @description An epoch of a run that the Lab can show. */
    Moment: {
      key: string;
      /** @description 0 is before the first step */
      epoch: number;
      /** @description Whether only the run's film has it: small maps, no network */
      is_film: boolean;
    };
    NameIn: {
      name: string;
    };
    /** @description The name of a run. */
    NameOut: {
      name: string;
    };
    NamedDataset: {
      id: number;
      name: string;
    };
    /** @description A token that was just made; it is not shown again. */
    NewTokenOut: {
      token: string;
      /** Format: date-time */
      expires_at: string;
    };
    /** @description A tab that wants the next picture of a queue. */
    NextIn: {
      /** @description Names the browser tab */
      holder: string;
      /**
       * @default todo
       * @enum {string}
       */
      status:
        | "new"
        | "proposed"
        | "drafted"
        | "accepted"
        | "corrected"
        | "rejected"
        | "skipped"
        | "returned"
        | "todo"
        | "done";
      class_index?: number | null;
      split?: string | null;
      /**
       * @default doubt
       * @enum {string}
       */
      order: "name" | "doubt" | "disagreement" | "random";
      /** @default 0 */
      seed: number;
    };
    /** @description The next picture, leased to the tab that asked. */
    NextOut: {
      /** @description Null if no picture is left that nobody works on */
      lease: components["schemas"]["LeaseOut"] | null;
    };
    /** @description An object, which has the number of its place in the list, from 1. */
    ObjectFacts: {
      class_index: number;
      area_px: number;
      /** @description A pixel of the object, as near to its middle as possible */
      x: number;
      y: number;
    };
    /** @description Header of the objects of a picture. */
    ObjectsHeader: {
      objects: components["schemas"]["ObjectFacts"][];
    };
    /** @description A suggestion to train another run on a dataset. */
    OfferFacts: {
      dataset_id: number;
      /** @description Its name */
      dataset: string;
      /** @description Masks accepted or corrected since the run `since` */
      new: number;
      /** @description Accepted masks that the run would learn from */
      accepted: number;
      /** @description Tagged pictures */
      pictures: number;
      split: string;
      /** @description Null if no run has learned from accepted masks yet */
      since: components["schemas"]["RunReference"] | null;
      /** @description A sentence on what earlier runs reached */
      expects: string;
    };
    /** @description Datasets for which another run is suggested, the one with most new masks first. */
    OffersOut: {
      offers: components["schemas"]["OfferFacts"][];
    };
    /** @description Queued runs in their new order. */
    OrderIn: {
      runs: number[];
    };
    /** @description Another tag of a class's pictures, and how often the two classes are confused. */
    OtherTag: {
      index: number;
      name: string;
      /** @description Measured pictures with both tags */
      pictures: number;
      /** @description In the pictures with both tags: share of the class's true pixels painted as the other */
      lost: number | null;
      /** @description In the same pictures: share of the pixels painted as the class that belong to the other */
      stolen: number | null;
      /** @description Number of pixels confused, in both directions */
      pixels: number;
      /** @description IoU of the class over its pictures with the other tag */
      iou_with: number | null;
      /** @description IoU of the class over its pictures without the other tag */
      iou_without: number | null;
    };
    /** @description How far two people agree. */
    PairIouOut: {
      /** @description Intersection over union, 0 to 1; a mean over classes where several are */
      iou: number;
      pictures: number;
      /** @description With `high` the 95 % interval; null for fewer than ten pictures */
      low: number | null;
      high: number | null;
      people: [string, string];
    };
    PasswordIn: {
      /** Format: password */
      old: string;
      /** Format: password */
      new: string;
    };
    /** @description People, and what this person may give them. */
    PeopleOut: {
      people: components["schemas"]["PersonOut"][];
      /** @description Those that this person leads */
      datasets: components["schemas"]["NamedDataset"][];
      invitations: components["schemas"]["InvitationOut"][];
    };
    /** @description An account, with its roles on the datasets that the asking person leads. */
    PersonOut: {
      id: number;
      name: string;
      is_admin: boolean;
      is_disabled: boolean;
      /** @description Whether a password was chosen; else the person cannot sign in */
      has_password: boolean;
      /** @description Role by dataset id */
      roles: {
        [key: string]: "labeler" | "reviewer" | "lead";
      };
      /** @description In how many browsers the person is signed in */
      sign_ins: number;
    };
    /** @description The picture itself. */
    PictureFacts: {
      id: number;
      name: string;
      /** @description Pixels, upright */
      width: number;
      /** @description Pixels, upright */
      height: number;
    };
    /** @description One of the best or worst pictures of a class. */
    PictureOfClass: {
      id: number;
      name: string;
      class_iou: number;
      /** @description Mean over the classes of the picture */
      iou: number | null;
    };
    /** @description A picture by id and name. */
    PictureReference: {
      id: number;
      name: string;
    };
    /** @description Where a picture stands in the line of those that are computed. */
    PlaceOut: {
      /** @description How many are done before it; null if it is not in the line */
      ahead: number | null;
      /** @description How long that will probably take */
      seconds: number | null;
    };
    /** @description Two numbers of every picture that has both. */
    PointsOut: {
      ids: number[];
      x: number[];
      y: number[];
      iou: (number | null)[];
    };
    /** @description What a person keeps from day to day. */
    Preferences: {
      /** @description Keys that the person has chosen, by action */
      keys?: {
        [key: string]: string;
      };
      /**
       * @description The next picture is shown at the same place and zoom
       * @default false
       */
      keeps_zoom: boolean;
      /**
       * @description A small map is shown while a part is out of view
       * @default true
       */
      has_overview: boolean;
      /**
       * @description Outlines follow the edges of the picture
       * @default false
       */
      is_magnetic: boolean;
      /** @description About how many; null: in proportion to the picture */
      superpixels?: number | null;
    };
    /** @description Pictures that will be opened soon, the next one first. */
    PrefetchIn: {
      items: number[];
    };
    /** @description What publishing a run would change. */
    PreviewFacts: {
      counts: {
        [key: string]: number;
      };
      /** @description Some of the changes, largest first */
      items: components["schemas"]["ItemPlan"][];
      /** @description Some of the pictures that cannot use the run's mask */
      left_out: components["schemas"]["ItemPlan"][];
      /** @description Some of the pictures whose new mask covers the whole picture or is empty */
      remarked: components["schemas"]["ItemPlan"][];
      /** @description A sentence about all such masks; null if there are none */
      warning: string | null;
    };
    /** @description The job of a preview of publishing. */
    PreviewJob: {
      /** @enum {string} */
      state: "running" | "done" | "failed";
      /** @description Finished parts */
      done: number;
      /** @description 0 before it is known */
      total: number;
      /** @description Null until the state is done */
      result: components["schemas"]["PreviewFacts"] | null;
      /** @description A sentence, where the state is failed */
      problem: string | null;
    };
    /** @description Body of every refusal: what is wrong, where, and what to do. */
    Problem: {
      message: string;
      where?: string | null;
      remedy?: string | null;
      /** @description Of a form: what is wrong with each field */
      fields?: {
        [key: string]: string;
      } | null;
      /** @description With 412: the newest revision */
      current?: components["schemas"]["RevisionOut"] | null;
    };
    /** @description How far a run is. */
    ProgressFacts: {
      /** @description All stages in order */
      stages: components["schemas"]["StageProgress"][];
      /** @description The trainer's sentence about it; null before it has started */
      device: string | null;
      /** @description What the trainer held at the last step */
      memory_mb: number | null;
      /** @description Oldest first */
      messages: components["schemas"]["MessageFacts"][];
      /** @description Number of the newest event that was looked at */
      last_sequence: number;
    };
    /** @description How much of a dataset is done and how fast this person works. */
    ProgressOut: {
      done: number;
      total: number;
      /** @description This person's decisions within the last hour */
      decisions: number;
      per_hour: number;
      /** @description Seconds since the first of these decisions, at least a minute */
      measured_s: number;
    };
    /** @description Where the browser goes to link the account. */
    ProviderOut: {
      address: string;
    };
    /** @description Which runs lose their large files; without `runs`, all that match the other two. */
    PruneIn: {
      runs?: number[] | null;
      older_than_days?: number | null;
      keep_gb?: number | null;
    };
    /** @description What pruning removed. */
    PrunedOut: {
      runs: number[];
      /** @description Bytes */
      freed: number;
    };
    /** @description A publication of a run; in force unless it was undone. */
    PublicationFacts: {
      id: number;
      author: string | null;
      /** Format: date-time */
      created_at: string;
      /** @description Null where it was cut off */
      finished_at: string | null;
      undone_at: string | null;
    };
    /** @description The job of publishing or unpublishing. */
    PublicationJob: {
      /** @enum {string} */
      state: "running" | "done" | "failed";
      /** @description Finished parts */
      done: number;
      /** @description 0 before it is known */
      total: number;
      /** @description Null until the state is done */
      result: components["schemas"]["PublishedFacts"] | components["schemas"]["UnpublishedFacts"] | null;
      /** @description A sentence, where the state is failed */
      problem: string | null;
    };
    PublishIn: {
      /**
       * @description Make new proposals for rejected pictures too
       * @default false
       */
      over_rejected: boolean;
    };
    /** @description What publishing did, in pictures. */
    PublishedFacts: {
      /** @description Null where there was nothing to do */
      publication_id: number | null;
      published: number;
      /** @description Already have the run's mask */
      unchanged: number;
      /** @description Left alone because of a person's work */
      kept: number;
      /** @description Cannot use the run's mask */
      left_out: number;
      /** @description A sentence about masks that cover whole pictures or are empty; null if there are none */
      warning: string | null;
    };
    /** @description Header of the whole and tiled maps of a picture. */
    PuzzleHeader: {
      /** @description n of the n x n tiles */
      tiles: number;
      /** @description Height and width of the padded picture as shares of the picture, at least 1 */
      cells_share: [number, number];
      /** @description Height and width of a tile as shares of the picture */
      tile_share: [number, number];
      /** @description Disagreement of whole and tiled map for each tag, 0 to 1 */
      disagreement: number[];
      loss: components["schemas"]["LossFacts"] | null;
      /** @description Null if the model was not trained */
      loss_settings: components["schemas"]["PuzzleLossConfig"] | null;
      /** @description Why there is no loss; null if there is one */
      no_loss: string | null;
    };
    /** @description The loss of equation 7: L = L_cls + L_p-cls + alpha L_re, term by term. */
    PuzzleLossConfig: {
      /**
       * @description Added to the pooled map of every class before the classification losses; 0 in the paper. A picture lacks most classes, and a classifier without bias can only express that with maps that are negative everywhere; the log odds of a tag (-3 for one class in twenty) do it instead.
       * @default 0
       */
      logit_offset: number;
      /**
       * @description L_p-cls: also classify the merged tiles.
       * @default true
       */
      tile_classification: boolean;
      /**
       * @description L_re: make the maps of the whole picture and of its tiles agree.
       * @default true
       */
      reconstruction: boolean;
      /**
       * @description Tiles along each side: n for a puzzle of n x n tiles.
       * @default 2
       */
      tiles_per_side: number;
      /**
       * @description Final weight of L_re.
       * @default 4
       */
      alpha: number;
      /**
       * @description Share of the training in which alpha rises linearly from 0.
       * @default 0.5
       */
      alpha_ramp: number;
      /**
       * @description What L_re compares: 'feature' raw maps, as the authors trained, or 'cam' maps divided by their maximum, as equation 6 says.
       * @default feature
       * @enum {string}
       */
      level: "feature" | "cam";
      /**
       * @description Distance in L_re: absolute (l1) or squared (l2) difference.
       * @default l1
       * @enum {string}
       */
      distance: "l1" | "l2";
      /**
       * @description Classes that L_re compares: 'masked' the tagged ones, averaged over all classes; 'selected' the tagged ones, averaged over these alone; 'all' every class.
       * @default masked
       * @enum {string}
       */
      classes: "masked" | "selected" | "all";
      /**
       * @description Side of L_re that is a fixed target and gets no gradient.
       * @default none
       * @enum {string}
       */
      detach: "none" | "whole" | "tiled";
    };
    /** @description How well a signal finds bad masks among the measured pictures. */
    RankedSignal: {
      /** @enum {string} */
      name: "disagreement" | "coverage" | "entropy" | "undecided" | "score" | "flips";
      /** @description Rank correlation with one minus the IoU */
      spearman: number | null;
      /** @description Probability that a bad mask comes before a good one */
      auroc: number | null;
      /**
       * @description Which values are suspicious. Fixed beforehand: an AUROC below 0.5 means it is wrong here
       * @enum {string}
       */
      order: "high" | "low";
    };
    /** @description How much of a file is there. */
    ReceivedOut: {
      received: number;
      /** @description False if the part did not follow what was there; go on from there */
      is_expected: boolean;
    };
    /** @description A shipped recipe. */
    RecipeChoice: {
      name: string;
      description: string;
      /** @description Values by dotted name */
      values: {
        [key: string]: unknown;
      };
    };
    /** @description A reference mask. */
    ReferenceFacts: {
      /** @enum {string} */
      kind: "ground-truth" | "accepted";
      title: string;
    };
    /** @description Header of a refined mask. */
    RefinedHeader: {
      /** @description (top, left, bottom, right) of the changed pixels; null if nothing changed */
      rect: [number, number, number, number] | null;
      /** @description Send it when the mask is saved, so that the step can be repeated later */
      step: components["schemas"]["Step"];
    };
    /** @description A tab that leaves a picture. */
    ReleaseIn: {
      /** @description Names the browser tab */
      holder: string;
    };
    /** @description A dataset that was removed. */
    RemovedDatasetOut: {
      id: number;
      name: string;
      /** @description UTC, ISO 8601 */
      removed_at: string;
      /** @description When its masks and copied pictures are deleted: UTC, ISO 8601 */
      kept_until: string;
    };
    /** @description What the pixels of a class become. */
    RetireIn: {
      /** @description Another class, 0 for background, 255 for void */
      target: number;
    };
    /** @description One entry of a picture's history. */
    RevisionOut: {
      /** @description Id; in `ETag` and `If-Match` */
      id: number;
      /** @description Place in the picture's history, from 1 */
      sequence: number;
      /** @enum {string} */
      action:
        | "proposed"
        | "drafted"
        | "accepted"
        | "corrected"
        | "rejected"
        | "skipped"
        | "reverted"
        | "withdrawn"
        | "returned";
      /** @description Null for the program */
      author: string | null;
      /** @description UTC, ISO 8601 */
      created_at: string;
      has_mask: boolean;
      /** @description Identity of the model or run that proposed it */
      proposed_by: string | null;
      seconds_spent: number | null;
      /** @description What the program did, if it was not a person's decision */
      note: string | null;
    };
    /** @description A role for somebody. */
    RoleIn: {
      name: string;
      /** @description Null takes the role away */
      role: ("labeler" | "reviewer" | "lead") | null;
    };
    RoleOut: {
      dataset: string;
      /** @enum {string} */
      role: "labeler" | "reviewer" | "lead" | "admin";
    };
    /** @description The signals and the IoU of one picture. */
    Row: {
      id: number;
      name: string;
      tags: number[];
      /** @description Null for runs, which do not store tiled maps */
      disagreement: number | null;
      coverage: number;
      entropy: number;
      undecided: number;
      score: number;
      /** @description Null if the source has no mask of the picture */
      flips: number | null;
      /** @description Mean IoU of the mask with the reference mask; null if one of them is missing */
      iou: number | null;
    };
    /** @description One page of pictures. */
    RowsOut: {
      rows: components["schemas"]["Row"][];
      total: number;
    };
    /** @description Which finished pictures get a second look. */
    RuleBody: {
      /**
       * @description None, all, every n-th one, the n per cent that are most doubtful, or the first n of each person
       * @enum {string}
       */
      rule: "off" | "all" | "nth" | "doubt" | "beginner";
      /**
       * @description n; at most 100 for `doubt`
       * @default 1
       */
      number: number;
    };
    /** @description A run in a list. */
    RunBrief: {
      id: number;
      name: string;
      /** @enum {string} */
      status: "queued" | "claimed" | "running" | "stopping" | "done" | "failed" | "cancelled";
      /** @description Its name */
      dataset: string;
      recipe_name: string | null;
      /** Format: date-time */
      created_at: string;
      started_at: string | null;
      ended_at: string | null;
      /** @description Whether its large files were removed */
      is_pruned: boolean;
      is_published: boolean;
      /** @description Honest mean IoU of the pseudo-masks */
      miou: number | null;
      /** @description Empty unless a worker has the run */
      stages: components["schemas"]["StageProgress"][];
    };
    /** @description Runs side by side; lists inside are in the order of `runs`. */
    RunComparisonOut: {
      runs: components["schemas"]["ComparedRun"][];
      settings: components["schemas"]["ComparedSetting"][];
      metrics: components["schemas"]["ComparedFigure"][];
      classes: components["schemas"]["ComparedIou"][];
      /** @description By stage */
      curves: {
        [key: string]: components["schemas"]["CurveFacts"];
      }[];
      /** @description Pictures that all runs know, to be shown side by side */
      items: components["schemas"]["PictureReference"][];
    };
    /** @description Everything about a run except curves and log. */
    RunFacts: {
      id: number;
      name: string;
      /** @enum {string} */
      status: "queued" | "claimed" | "running" | "stopping" | "done" | "failed" | "cancelled";
      dataset_id: number;
      /** @description Its name */
      dataset: string;
      split: string;
      recipe_name: string | null;
      /** @description Settings, as the version that started the run names them */
      recipe: {
        [key: string]: unknown;
      };
      device: string | null;
      author: string | null;
      cloned_from: number | null;
      /** @description Counts of what it learns from */
      supervision: {
        [key: string]: unknown;
      };
      /** @description The same, as a sentence */
      learns_from: string;
      /** @description In the queue; null where it is not queued */
      position: number | null;
      /** Format: date-time */
      created_at: string;
      started_at: string | null;
      ended_at: string | null;
      heartbeat_at: string | null;
      attempts: number;
      worker: string | null;
      stop_is_firm: boolean;
      /** @description Why it failed */
      problem: string | null;
      remedy: string | null;
      log_tail: string | null;
      metrics: components["schemas"]["MetricsFacts"] | null;
      pruned_at: string | null;
      progress: components["schemas"]["ProgressFacts"];
      /** @description Newest first */
      publications: components["schemas"]["PublicationFacts"][];
    };
    /** @description The contents of the form. */
    RunIn: {
      dataset_id: number;
      /** @description Name of a shipped recipe, not a file */
      recipe: string;
      /** @description A run whose settings replace the recipe's */
      cloned_from?: number | null;
      /** @default all */
      split: string;
      /** @default  */
      name: string;
      device?: string | null;
      /** @description Values by dotted name */
      settings?: {
        [key: string]: unknown;
      };
    };
    /** @description One run. */
    RunOut: {
      run: components["schemas"]["RunFacts"];
      /** @description Whether it is queued or running, so that it is worth asking again */
      is_busy: boolean;
      /** @description Whether its worker has not responded for long */
      worker_is_silent: boolean;
      /** @description Why it cannot be published; null when it can */
      unpublishable: string | null;
      /** @description By epoch */
      film: components["schemas"]["FilmFrame"][];
    };
    /** @description A run by number and name. */
    RunReference: {
      id: number;
      name: string;
    };
    /** @description A run and its disk space. */
    RunSizeFacts: {
      id: number;
      name: string;
      /** @enum {string} */
      status: "queued" | "claimed" | "running" | "stopping" | "done" | "failed" | "cancelled";
      /** @description Its name */
      dataset: string;
      recipe_name: string | null;
      /** Format: date-time */
      created_at: string;
      started_at: string | null;
      ended_at: string | null;
      /** @description Whether its large files were removed */
      is_pruned: boolean;
      is_published: boolean;
      /** @description Honest mean IoU of the pseudo-masks */
      miou: number | null;
      /** @description Empty unless a worker has the run */
      stages: components["schemas"]["StageProgress"][];
      bytes: number;
      /** @description What pruning would free */
      prunable_bytes: number;
    };
    /** @description All runs, in the order of the page. */
    RunsOut: {
      runs: components["schemas"]["RunBrief"][];
      /** @description Whether any run is queued or running, so that it is worth asking again */
      is_busy: boolean;
    };
    /** @description The largest value that the maps of a class reach in a dataset. */
    ScaleOut: {
      index: number;
      name: string;
      /** @description Largest sum over scales and views where the class is tagged */
      maximum: number;
      /** @description How many pictures it was measured on */
      pictures: number;
    };
    /** @description The classes measured so far, and the progress of measuring. */
    ScalesOut: {
      /** @enum {string} */
      state: "none" | "running" | "done" | "failed";
      /** @default 0 */
      done: number;
      /** @default 0 */
      total: number;
      problem?: string | null;
      /** @default 6 */
      pictures_a_class: number;
      classes: components["schemas"]["ScaleOut"][];
    };
    /** @description Mean IoU of an output. */
    ScoreFacts: {
      miou: number | null;
      /** @description Background threshold it was measured at */
      threshold?: number | null;
    };
    /** @description The objects along this line are of this class. */
    ScribbleSeed: {
      /** @description 0 for background, else a class index */
      label: number;
      /**
       * @description When it was set, by the browser's clock
       * @default null
       */
      at: string | null;
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      kind: "scribble";
      /** @description Points (y, x) */
      points: [number, number][];
    };
    /** @description Who is working. */
    Session: {
      annotator: string;
    };
    /** @description Who is working, and what the pages may offer them. */
    SessionOut: {
      annotator: string;
      /** @description Whether the name is that of an account and cannot be typed */
      has_account: boolean;
      is_admin: boolean;
      /** @description Roles by dataset id; an admin needs none */
      roles: {
        [key: string]: "labeler" | "reviewer" | "lead" | "admin";
      };
      /** @description Paths of the pages that this person may not open */
      closed_pages: string[];
    };
    /** @description A class and its share of another class's pixels. */
    ShareOfPixels: {
      name: string;
      share: number;
    };
    /** @description A picture with several independent masks. */
    SharedItemOut: {
      item_id: number;
      name: string;
      /** @description Mean over the pairs of people of the mean IoU of the classes */
      iou: number;
      masks: components["schemas"]["SharedMaskOut"][];
      /** @description The newest revision of the picture; If-Match of a consensus */
      revision: number;
      /** @description Whether the newest revision is a consensus */
      has_consensus: boolean;
    };
    /** @description The mask of one person. */
    SharedMaskOut: {
      person: string;
      revision: number;
    };
    /** @description Pictures to share out. */
    SharesIn: {
      people: string[];
      /** @description How many pictures; all that match when absent */
      count?: number | null;
      /** @description These pictures, whatever else is said about which ones */
      ids?: number[] | null;
      /** @default todo */
      status:
        | (
            | "new"
            | "proposed"
            | "drafted"
            | "accepted"
            | "corrected"
            | "rejected"
            | "skipped"
            | "returned"
            | "todo"
            | "done"
          )
        | null;
      class_index?: number | null;
      split?: string | null;
      /**
       * @default doubt
       * @enum {string}
       */
      order: "name" | "doubt" | "disagreement" | "random";
      /**
       * @description Of the random order
       * @default 0
       */
      seed: number;
      /** @description Parts that each person gets, in the order of `people`; equal parts when absent */
      weights?: number[] | null;
      /**
       * @description How many of the pictures several people label, unknowingly
       * @default 0
       */
      copies_percent: number;
      /**
       * @description How many people label each of these
       * @default 2
       */
      copies_people: number;
      /**
       * @description Also pictures that are somebody's already
       * @default false
       */
      is_reassigned: boolean;
    };
    /** @description How many pictures each person was given. */
    SharesOut: {
      shares: {
        [key: string]: number;
      };
      /**
       * @description How many copies for other people were made of them
       * @default 0
       */
      copies: number;
    };
    /** @description Header of one side of a comparison. */
    SideHeader: {
      /** @description Key of the model, as `/lab/models` lists it */
      key: string;
      identity: string;
      threshold: number;
      uses_crf: boolean;
      /** @description How the maps were made, if not as usual */
      note: string | null;
      /** @description Logits of the tags; null for an epoch of a film */
      logits: number[] | null;
    };
    /** @description A browser in which the person is signed in. */
    SignInOut: {
      id: number;
      /** @description As the browser calls itself */
      browser: string;
      address: string;
      /** Format: date-time */
      created_at: string;
      /**
       * Format: date-time
       * @description Last use, to a few minutes
       */
      seen_at: string;
      /** @description Whether it is the one that asks */
      is_this: boolean;
    };
    /** @description Bytes on disk, largest first. */
    SizesOut: {
      runs: components["schemas"]["RunSizeFacts"][];
      total: number;
    };
    /** @description What can be measured: the studio's model, or a run. */
    SourceOut: {
      key: string;
      title: string;
    };
    /** @description Pictures, and the split that they belong to from now on. */
    SplitIn: {
      ids: number[];
      /** @description Its name, such as val; null for no split */
      split: string | null;
    };
    /** @description How many pictures changed. */
    SplitOut: {
      changed: number;
    };
    /** @description The figures of a class after one stage of the pipeline. */
    StageOfClass: {
      iou: number | null;
      /** @description Share of the pixels painted as the class that are right */
      precision: number | null;
      /** @description Share of the class's true pixels that are painted as it */
      recall: number | null;
      name: string;
      title: string;
      /** @description Fixed beforehand; null if the stage makes masks, not maps */
      threshold: number | null;
      pictures: number;
      /** @description Null if the stage makes masks, not maps */
      curve: components["schemas"]["CurvePoint"][] | null;
      /** @description At the best threshold, chosen with the reference masks */
      oracle: components["schemas"]["CurvePoint"] | null;
    };
    /** @description How good the masks are that a stage of the pipeline gives. */
    StageOut: {
      name: string;
      title: string;
      /** @description Fixed beforehand; null where the stage makes masks itself */
      threshold: number | null;
      /** @description Pictures with a reference mask that it is measured on */
      pictures: number;
      /** @description Mean IoU over the classes; null where nothing is measured */
      miou: number | null;
    };
    /**
     * @description How far a stage is.
     *
     *     Attributes:
     *         done, total: steps of a training or pictures; both are 0 before anything is known.
     *         not_done: why the stage was skipped, or what it did not do although it ran: a sentence.
     */
    StageProgress: {
      name: string;
      /**
       * @default waiting
       * @enum {string}
       */
      status: "waiting" | "running" | "stopped" | "done" | "skipped";
      /**
       * @default steps
       * @enum {string}
       */
      unit: "steps" | "pictures";
      /** @default 0 */
      done: number;
      /** @default 0 */
      total: number;
      epoch?: number | null;
      epochs?: number | null;
      eta_s?: number | null;
      images_per_s?: number | null;
      seconds?: number | null;
      not_done?: string | null;
    };
    /** @description Status of a run. */
    StatusOut: {
      /** @enum {string} */
      status: "queued" | "claimed" | "running" | "stopping" | "done" | "failed" | "cancelled";
    };
    /** @description One change that the engine made, with everything that is needed to repeat it. */
    Step: {
      /** @description All seeds of the correction in order */
      seeds: (
        | components["schemas"]["ClickSeed"]
        | components["schemas"]["ScribbleSeed"]
        | components["schemas"]["BoxSeed"]
      )[];
      /**
       * @description Pixels of these classes stay as they are
       * @default []
       */
      locked_classes: number[];
      /**
       * @description Pixels of a class may change to background, but not to another class
       * @default false
       */
      only_background: boolean;
      /**
       * @description Pixels that stay as they are: lengths of runs, row by row, of free and protected pixels in turn; all pixels after the last run are free
       * @default []
       */
      protected: number[];
      /**
       * @description Start from the heatmaps at this threshold instead of from the mask
       * @default null
       */
      heatmap: number | null;
      /** @description Name and version of the engine */
      engine: string;
      /** @description The mask before the first seed */
      prior: string;
      /** @description The refined mask */
      result: string;
      /** @description Identity of the heatmaps that were used */
      maps: string | null;
      /** @description Identity of the model whose edge map was used */
      edges: string | null;
    };
    /** @description Header of the answer with every step to the maps of a picture. */
    StepsHeader: {
      item: components["schemas"]["PictureFacts"];
      model: components["schemas"]["ModelFacts"];
      /** @description Tags first, then classes without a tag, highest logit first */
      classes: components["schemas"]["ClassFacts"][];
      /** @description Number of classes without a tag whose maps were computed */
      others: number;
      /** @description One for each array reference_0, reference_1, ... */
      references: components["schemas"]["ReferenceFacts"][];
    };
    /** @description Status of a run that was asked to stop. */
    StoppedOut: {
      /** @enum {string} */
      status: "queued" | "claimed" | "running" | "stopping" | "done" | "failed" | "cancelled";
      /** @description Whether it ends at once */
      is_firm: boolean;
      worker_is_silent: boolean;
    };
    /** @description A tag that may be missing or wrong. */
    SuggestedTagOut: {
      class_index: number;
      name: string;
      /** @enum {string} */
      kind: "missing" | "doubtful";
    };
    SuggestedTagsOut: {
      /** @description The likeliest missing tag first */
      suggestions: components["schemas"]["SuggestedTagOut"][];
    };
    /** @description Header of the superpixels of a picture. */
    SuperpixelsHeader: {
      /** @description How many there are */
      segments: number;
    };
    /** @description What a run learns from, in numbers. */
    SupervisionCounts: {
      pictures: number;
      untagged: number;
      accepted_masks: number;
      ground_truth: number;
      classes: number;
      label_set_revision: number;
    };
    /** @description What a run started now would learn from. */
    SupervisionOut: {
      /** @description Pictures by split */
      splits: {
        [key: string]: number;
      };
      counts: components["schemas"]["SupervisionCounts"];
      sentence: string;
    };
    /** @description The progress of measuring, and the figures of the last survey. */
    SurveyOut: {
      /** @enum {string} */
      state: "none" | "running" | "done" | "failed";
      /** @default 0 */
      done: number;
      /** @default 0 */
      total: number;
      problem?: string | null;
      /**
       * @description Whether the survey is of the studio's model
       * @default false
       */
      is_current: boolean;
      /** @default 0 */
      pictures: number;
      /** @default 0 */
      skipped: number;
      /** @default 0 */
      measured: number;
      /**
       * @description Left out of all figures, because the run learned from their accepted mask
       * @default 0
       */
      taught: number;
      /** @description What each signal measures */
      signals: {
        [key: string]: string;
      };
      /**
       * @description The best signal first
       * @default []
       */
      ranking: components["schemas"]["RankedSignal"][];
      /** @default [] */
      classes: components["schemas"]["ClassFigures"][];
      /** @default [] */
      stages: components["schemas"]["StageOut"][];
      /**
       * @description True class, class in the mask, pixels
       * @default []
       */
      confusion: [number, number, number][];
    };
    /** @description What somebody says about a tag. */
    TagIn: {
      class_index: number;
      /**
       * @description added: the class is there; refused: it is not, so it is not suggested again; removed: its tag is wrong; kept: its tag is right, so it is not doubted again
       * @enum {string}
       */
      action: "added" | "refused" | "removed" | "kept";
    };
    /** @description A list of tags. */
    TagListIn: {
      /**
       * @default csv
       * @enum {string}
       */
      kind: "csv" | "json";
      /** @description The content of the file */
      text: string;
      /**
       * @description Remove no tag
       * @default false
       */
      only_add: boolean;
    };
    /** @description What a list changes. */
    TagListOut: {
      sentence: string;
      /** @description Pictures of the dataset that the list names */
      listed: number;
      /** @description Those whose tags change */
      changed: number;
      /** @description By tag: how many pictures get it */
      added: {
        [key: string]: number;
      };
      /** @description By tag: how many pictures lose it */
      removed: {
        [key: string]: number;
      };
      new_classes: string[];
      /** @description The first pictures that change */
      examples: components["schemas"]["ChangedPicture"][];
      /** @description The first rows that cannot be used */
      problems: components["schemas"]["ListProblemOut"][];
    };
    /** @description The last list of a dataset that was applied. */
    TagWorkOut: {
      /** @enum {string} */
      state: "none" | "running" | "done" | "failed";
      /** @default 0 */
      done: number;
      /** @default 0 */
      total: number;
      result?: components["schemas"]["TagListOut"] | null;
      problem?: string | null;
    };
    /** @description The tags of a picture after a change. */
    TagsOut: {
      revision: components["schemas"]["RevisionOut"] | null;
      /** @enum {string} */
      status: "new" | "proposed" | "drafted" | "accepted" | "corrected" | "rejected" | "skipped" | "returned";
      tags: number[];
    };
    /** @description Whose unfinished pictures become nobody's. */
    TakeBackIn: {
      /** @description Everybody's when absent */
      person?: string | null;
    };
    /** @description How many pictures became nobody's. */
    TakeBackOut: {
      pictures: number;
    };
    /** @description A person takes pictures that are nobody's. */
    TakeIn: {
      /** @default 10 */
      count: number;
    };
    /** @description The people of a dataset; somebody who does not lead it sees only themselves. */
    TeamOut: {
      people: components["schemas"]["MemberOut"][];
      /** @description Unfinished pictures that are nobody's */
      unassigned: number;
      is_lead: boolean;
      /** @description Whether only people with a role here can be given pictures */
      has_accounts: boolean;
    };
    /** @description A token to make. */
    TokenIn: {
      /** @description What it is for */
      name: string;
      /**
       * @description The highest role that it has; it never has more than its owner
       * @enum {string}
       */
      role: "labeler" | "reviewer" | "lead" | "admin";
      /** @default 90 */
      days: number;
    };
    /** @description A token; its secret is not kept. */
    TokenOut: {
      id: number;
      name: string;
      /** @enum {string} */
      role: "labeler" | "reviewer" | "lead" | "admin";
      /** Format: date-time */
      created_at: string;
      /** Format: date-time */
      expires_at: string;
      used_at: string | null;
    };
    /** @description What unpublishing did, in pictures. */
    UnpublishedFacts: {
      restored: number;
      /** @description Left alone because of a person's work */
      kept: number;
    };
    /** @description What is going to be uploaded, and where it goes. */
    UploadIn: {
      /**
       * @description Name of a new dataset
       * @default
       */
      dataset: string;
      /** @description The dataset that pictures are added to */
      dataset_id?: number | null;
      total_bytes: number;
      files: number;
    };
    /** @description An upload that is under way. */
    UploadOut: {
      id: string;
      dataset: string;
      dataset_id: number | null;
      total_bytes: number;
      files: number;
      /** @description Seconds since 1970 */
      begun: number;
      /** @description The most that one request may send */
      chunk_bytes: number;
    };
    /** @description A file that the import could not use, or should be checked. */
    UploadProblemOut: {
      file: string;
      /** @enum {string} */
      severity: "error" | "warning";
      reason: string;
      remedy: string;
    };
    /** @description How far an upload is. */
    UploadStateOut: {
      /** @description Null after it was imported */
      upload: components["schemas"]["UploadOut"] | null;
      /** @description Bytes of each file that are there, by its path */
      received: {
        [key: string]: number;
      };
      work: components["schemas"]["UploadWorkOut"];
    };
    /** @description The import of an upload. */
    UploadWorkOut: {
      /** @enum {string} */
      state: "none" | "running" | "done" | "failed";
      /** @default 0 */
      done: number;
      /** @default 0 */
      total: number;
      /** @description Why it failed */
      problem?: string | null;
      /** @description What was imported */
      sentence?: string | null;
      dataset_id?: number | null;
      /**
       * @description The first ones
       * @default []
       */
      problems: components["schemas"]["UploadProblemOut"][];
    };
    /** @description The uploads of this person that are under way. */
    UploadsOut: {
      uploads: components["schemas"]["UploadOut"][];
      /** @description How much can be uploaded now */
      room_bytes: number;
    };
    /** @description What is usual for a class in the accepted masks; shares of a picture and places, 0..1. */
    UsualOut: {
      class_index: number;
      /** @description Accepted masks with this class */
      masks: number;
      /** @description Smaller shares of the picture are unusual */
      least: number;
      /** @description Larger ones are */
      most: number;
      /** @description Nine of ten masks have a share from this one */
      low: number;
      /** @description to this one */
      high: number;
      /** @description The centre of the class is usually right of this */
      left: number;
      right: number;
      top: number;
      bottom: number;
    };
    ValidationError: {
      loc: (string | number)[];
      msg: string;
      type: string;
      input?: unknown;
      ctx?: Record<string, never>;
    };
    /** @description A reviewer's verdict on the newest mask. */
    VerdictIn: {
      /** @enum {string} */
      verdict: "approved" | "returned";
    };
    /** @description Settings of the random walk. */
    WalkFacts: {
      /** @description Exponent of the affinities */
      beta: number;
      /** @description Reach of a step in cells of the map */
      radius: number;
      /** @description Base-2 logarithm of the number of steps */
      log2_steps: number;
    };
    /** @description Reach and length of a random walk that a person asks for; the bounds keep it quick. */
    WalkIn: {
      beta: number;
      radius: number;
      log2_steps: number;
    };
    /** @description What a person did on one day. */
    WorkDay: {
      name: string;
      /** @description Pictures that the person accepted or corrected */
      finished: number;
      /** @description How many of them they had changed */
      corrected: number;
      /** @description Time spent, where it was measured */
      minutes: number;
      /** @description Steps of the Smart tool, where they were counted */
      clicks: number;
      /** @description Other changes by hand, where they were counted */
      strokes: number;
      /** @description Second looks at the person's pictures */
      looks: number;
      /** @description How many of them returned the picture */
      returned: number;
      /** @description UTC, ISO 8601 */
      day: string;
    };
    /** @description What people did; somebody who does not lead the dataset sees only themselves. */
    WorkOut: {
      people: components["schemas"]["WorkRow"][];
      /** @description The same by day and person, the oldest day first */
      days: components["schemas"]["WorkDay"][];
      unfinished: number;
      /** @description Days until all pictures are finished at the team's pace of the last seven days; null without any, and for who is no lead */
      days_left: number | null;
      /** @description The same by class, for leads; others get none */
      classes: components["schemas"]["ClassWorkRow"][];
    };
    /** @description What a person did. */
    WorkRow: {
      name: string;
      /** @description Pictures that the person accepted or corrected */
      finished: number;
      /** @description How many of them they had changed */
      corrected: number;
      /** @description Time spent, where it was measured */
      minutes: number;
      /** @description Steps of the Smart tool, where they were counted */
      clicks: number;
      /** @description Other changes by hand, where they were counted */
      strokes: number;
      /** @description Second looks at the person's pictures */
      looks: number;
      /** @description How many of them returned the picture */
      returned: number;
    };
    /** @description A request, and which browser tab it comes from. */
    RefineIn: {
      /** @description All seeds of the correction in order */
      seeds: (
        | components["schemas"]["ClickSeed"]
        | components["schemas"]["ScribbleSeed"]
        | components["schemas"]["BoxSeed"]
      )[];
      /**
       * @description Pixels of these classes stay as they are
       * @default []
       */
      locked_classes: number[];
      /**
       * @description Pixels of a class may change to background, but not to another class
       * @default false
       */
      only_background: boolean;
      /**
       * @description Pixels that stay as they are: lengths of runs, row by row, of free and protected pixels in turn; all pixels after the last run are free
       * @default []
       */
      protected: number[];
      /**
       * @description Start from the heatmaps at this threshold instead of from the mask
       * @default null
       */
      heatmap: number | null;
      /**
       * @description Any name of the tab: its newer request replaces an unfinished older one
       * @default
       */
      client: string;
    };
    /** @description Header of a framed mask. */
    StepsIn: {
      /** @description Answers of the Smart tool since the last save */
      steps: components["schemas"]["Step"][];
    };
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type AccountOut = components["schemas"]["AccountOut"];
export type AdminIn = components["schemas"]["AdminIn"];
export type AgreementOut = components["schemas"]["AgreementOut"];
export type AuditEntryOut = components["schemas"]["AuditEntryOut"];
export type Bounds = components["schemas"]["Bounds"];
export type BoxSeed = components["schemas"]["BoxSeed"];
export type BulkIn = components["schemas"]["BulkIn"];
export type BulkOut = components["schemas"]["BulkOut"];
export type BulkWorkOut = components["schemas"]["BulkWorkOut"];
export type CamFacts = components["schemas"]["CamFacts"];
export type CamsHeader = components["schemas"]["CamsHeader"];
export type ChangedPicture = components["schemas"]["ChangedPicture"];
export type CheckOut = components["schemas"]["CheckOut"];
export type ClassChangeOut = components["schemas"]["ClassChangeOut"];
export type ClassFacts = components["schemas"]["ClassFacts"];
export type ClassFigures = components["schemas"]["ClassFigures"];
export type ClassIn = components["schemas"]["ClassIn"];
export type ClassIouOut = components["schemas"]["ClassIouOut"];
export type ClassListIn = components["schemas"]["ClassListIn"];
export type ClassListOut = components["schemas"]["ClassListOut"];
export type ClassLossFacts = components["schemas"]["ClassLossFacts"];
export type ClassOut = components["schemas"]["ClassOut"];
export type ClassPage = components["schemas"]["ClassPage"];
export type ClassWorkOut = components["schemas"]["ClassWorkOut"];
export type ClassWorkRow = components["schemas"]["ClassWorkRow"];
export type ClickSeed = components["schemas"]["ClickSeed"];
export type CommentIn = components["schemas"]["CommentIn"];
export type CommentOut = components["schemas"]["CommentOut"];
export type ComparedClass = components["schemas"]["ComparedClass"];
export type ComparedFigure = components["schemas"]["ComparedFigure"];
export type ComparedIou = components["schemas"]["ComparedIou"];
export type ComparedPictureOut = components["schemas"]["ComparedPictureOut"];
export type ComparedRun = components["schemas"]["ComparedRun"];
export type ComparedScore = components["schemas"]["ComparedScore"];
export type ComparedSetting = components["schemas"]["ComparedSetting"];
export type ConfirmIn = components["schemas"]["ConfirmIn"];
export type ConsensusIn = components["schemas"]["ConsensusIn"];
export type CrfConfig = components["schemas"]["CrfConfig"];
export type CurveFacts = components["schemas"]["CurveFacts"];
export type CurvePoint = components["schemas"]["CurvePoint"];
export type CurvesOut = components["schemas"]["CurvesOut"];
export type DatasetComparisonOut = components["schemas"]["DatasetComparisonOut"];
export type DatasetNameIn = components["schemas"]["DatasetNameIn"];
export type DatasetNameOut = components["schemas"]["DatasetNameOut"];
export type DatasetOut = components["schemas"]["DatasetOut"];
export type DatasetsOut = components["schemas"]["DatasetsOut"];
export type DecisionIn = components["schemas"]["DecisionIn"];
export type EstimateFacts = components["schemas"]["EstimateFacts"];
export type EstimateJob = components["schemas"]["EstimateJob"];
export type ExplanationsHeader = components["schemas"]["ExplanationsHeader"];
export type ExportIn = components["schemas"]["ExportIn"];
export type ExportOut = components["schemas"]["ExportOut"];
export type ExportWorkOut = components["schemas"]["ExportWorkOut"];
export type ExportsOut = components["schemas"]["ExportsOut"];
export type FigureFacts = components["schemas"]["FigureFacts"];
export type FiguresIn = components["schemas"]["FiguresIn"];
export type FiguresOut = components["schemas"]["FiguresOut"];
export type FilmFrame = components["schemas"]["FilmFrame"];
export type FirstHeader = components["schemas"]["FirstHeader"];
export type FormField = components["schemas"]["FormField"];
export type FormOut = components["schemas"]["FormOut"];
export type GalleryOut = components["schemas"]["GalleryOut"];
export type GalleryRowsIn = components["schemas"]["GalleryRowsIn"];
export type GalleryRowsOut = components["schemas"]["GalleryRowsOut"];
export type GiveIn = components["schemas"]["GiveIn"];
export type GivenOut = components["schemas"]["GivenOut"];
export type GoldIn = components["schemas"]["GoldIn"];
export type GoldItemOut = components["schemas"]["GoldItemOut"];
export type GoldOut = components["schemas"]["GoldOut"];
export type GoldScoreOut = components["schemas"]["GoldScoreOut"];
export type HTTPValidationError = components["schemas"]["HTTPValidationError"];
export type Health = components["schemas"]["Health"];
export type HintBody = components["schemas"]["HintBody"];
export type HistoryEntry = components["schemas"]["HistoryEntry"];
export type IdentityIn = components["schemas"]["IdentityIn"];
export type IdentityOut = components["schemas"]["IdentityOut"];
export type ImportIn = components["schemas"]["ImportIn"];
export type InvitationIn = components["schemas"]["InvitationIn"];
export type InvitationOut = components["schemas"]["InvitationOut"];
export type ItemOut = components["schemas"]["ItemOut"];
export type ItemPlan = components["schemas"]["ItemPlan"];
export type ItemRow = components["schemas"]["ItemRow"];
export type ItemState = components["schemas"]["ItemState"];
export type ItemsOut = components["schemas"]["ItemsOut"];
export type LeaseIn = components["schemas"]["LeaseIn"];
export type LeaseOut = components["schemas"]["LeaseOut"];
export type LeftOut = components["schemas"]["LeftOut"];
export type LinkOut = components["schemas"]["LinkOut"];
export type ListProblemOut = components["schemas"]["ListProblemOut"];
export type ListedClassOut = components["schemas"]["ListedClassOut"];
export type LiveClassOut = components["schemas"]["LiveClassOut"];
export type LiveNextOut = components["schemas"]["LiveNextOut"];
export type LiveOut = components["schemas"]["LiveOut"];
export type LivePictureIn = components["schemas"]["LivePictureIn"];
export type LivePictureOut = components["schemas"]["LivePictureOut"];
export type LogOut = components["schemas"]["LogOut"];
export type LookOut = components["schemas"]["LookOut"];
export type LooksOut = components["schemas"]["LooksOut"];
export type LossFacts = components["schemas"]["LossFacts"];
export type MarkedOut = components["schemas"]["MarkedOut"];
export type MaskFacts = components["schemas"]["MaskFacts"];
export type MaskHeader = components["schemas"]["MaskHeader"];
export type MaskHintsOut = components["schemas"]["MaskHintsOut"];
export type MaskIn = components["schemas"]["MaskIn"];
export type MaskOnScreenIn = components["schemas"]["MaskOnScreenIn"];
export type MemberOut = components["schemas"]["MemberOut"];
export type MessageFacts = components["schemas"]["MessageFacts"];
export type MetricsFacts = components["schemas"]["MetricsFacts"];
export type ModelChoice = components["schemas"]["ModelChoice"];
export type ModelFacts = components["schemas"]["ModelFacts"];
export type Moment = components["schemas"]["Moment"];
export type NameIn = components["schemas"]["NameIn"];
export type NameOut = components["schemas"]["NameOut"];
export type NamedDataset = components["schemas"]["NamedDataset"];
export type NewTokenOut = components["schemas"]["NewTokenOut"];
export type NextIn = components["schemas"]["NextIn"];
export type NextOut = components["schemas"]["NextOut"];
export type ObjectFacts = components["schemas"]["ObjectFacts"];
export type ObjectsHeader = components["schemas"]["ObjectsHeader"];
export type OfferFacts = components["schemas"]["OfferFacts"];
export type OffersOut = components["schemas"]["OffersOut"];
export type OrderIn = components["schemas"]["OrderIn"];
export type OtherTag = components["schemas"]["OtherTag"];
export type PairIouOut = components["schemas"]["PairIouOut"];
export type PasswordIn = components["schemas"]["PasswordIn"];
export type PeopleOut = components["schemas"]["PeopleOut"];
export type PersonOut = components["schemas"]["PersonOut"];
export type PictureFacts = components["schemas"]["PictureFacts"];
export type PictureOfClass = components["schemas"]["PictureOfClass"];
export type PictureReference = components["schemas"]["PictureReference"];
export type PlaceOut = components["schemas"]["PlaceOut"];
export type PointsOut = components["schemas"]["PointsOut"];
export type Preferences = components["schemas"]["Preferences"];
export type PrefetchIn = components["schemas"]["PrefetchIn"];
export type PreviewFacts = components["schemas"]["PreviewFacts"];
export type PreviewJob = components["schemas"]["PreviewJob"];
export type Problem = components["schemas"]["Problem"];
export type ProgressFacts = components["schemas"]["ProgressFacts"];
export type ProgressOut = components["schemas"]["ProgressOut"];
export type ProviderOut = components["schemas"]["ProviderOut"];
export type PruneIn = components["schemas"]["PruneIn"];
export type PrunedOut = components["schemas"]["PrunedOut"];
export type PublicationFacts = components["schemas"]["PublicationFacts"];
export type PublicationJob = components["schemas"]["PublicationJob"];
export type PublishIn = components["schemas"]["PublishIn"];
export type PublishedFacts = components["schemas"]["PublishedFacts"];
export type PuzzleHeader = components["schemas"]["PuzzleHeader"];
export type PuzzleLossConfig = components["schemas"]["PuzzleLossConfig"];
export type RankedSignal = components["schemas"]["RankedSignal"];
export type ReceivedOut = components["schemas"]["ReceivedOut"];
export type RecipeChoice = components["schemas"]["RecipeChoice"];
export type ReferenceFacts = components["schemas"]["ReferenceFacts"];
export type RefinedHeader = components["schemas"]["RefinedHeader"];
export type ReleaseIn = components["schemas"]["ReleaseIn"];
export type RemovedDatasetOut = components["schemas"]["RemovedDatasetOut"];
export type RetireIn = components["schemas"]["RetireIn"];
export type RevisionOut = components["schemas"]["RevisionOut"];
export type RoleIn = components["schemas"]["RoleIn"];
export type RoleOut = components["schemas"]["RoleOut"];
export type Row = components["schemas"]["Row"];
export type RowsOut = components["schemas"]["RowsOut"];
export type RuleBody = components["schemas"]["RuleBody"];
export type RunBrief = components["schemas"]["RunBrief"];
export type RunComparisonOut = components["schemas"]["RunComparisonOut"];
export type RunFacts = components["schemas"]["RunFacts"];
export type RunIn = components["schemas"]["RunIn"];
export type RunOut = components["schemas"]["RunOut"];
export type RunReference = components["schemas"]["RunReference"];
export type RunSizeFacts = components["schemas"]["RunSizeFacts"];
export type RunsOut = components["schemas"]["RunsOut"];
export type ScaleOut = components["schemas"]["ScaleOut"];
export type ScalesOut = components["schemas"]["ScalesOut"];
export type ScoreFacts = components["schemas"]["ScoreFacts"];
export type ScribbleSeed = components["schemas"]["ScribbleSeed"];
export type Session = components["schemas"]["Session"];
export type SessionOut = components["schemas"]["SessionOut"];
export type ShareOfPixels = components["schemas"]["ShareOfPixels"];
export type SharedItemOut = components["schemas"]["SharedItemOut"];
export type SharedMaskOut = components["schemas"]["SharedMaskOut"];
export type SharesIn = components["schemas"]["SharesIn"];
export type SharesOut = components["schemas"]["SharesOut"];
export type SideHeader = components["schemas"]["SideHeader"];
export type SignInOut = components["schemas"]["SignInOut"];
export type SizesOut = components["schemas"]["SizesOut"];
export type SourceOut = components["schemas"]["SourceOut"];
export type SplitIn = components["schemas"]["SplitIn"];
export type SplitOut = components["schemas"]["SplitOut"];
export type StageOfClass = components["schemas"]["StageOfClass"];
export type StageOut = components["schemas"]["StageOut"];
export type StageProgress = components["schemas"]["StageProgress"];
export type StatusOut = components["schemas"]["StatusOut"];
export type Step = components["schemas"]["Step"];
export type StepsHeader = components["schemas"]["StepsHeader"];
export type StoppedOut = components["schemas"]["StoppedOut"];
export type SuggestedTagOut = components["schemas"]["SuggestedTagOut"];
export type SuggestedTagsOut = components["schemas"]["SuggestedTagsOut"];
export type SuperpixelsHeader = components["schemas"]["SuperpixelsHeader"];
export type SupervisionCounts = components["schemas"]["SupervisionCounts"];
export type SupervisionOut = components["schemas"]["SupervisionOut"];
export type SurveyOut = components["schemas"]["SurveyOut"];
export type TagIn = components["schemas"]["TagIn"];
export type TagListIn = components["schemas"]["TagListIn"];
export type TagListOut = components["schemas"]["TagListOut"];
export type TagWorkOut = components["schemas"]["TagWorkOut"];
export type TagsOut = components["schemas"]["TagsOut"];
export type TakeBackIn = components["schemas"]["TakeBackIn"];
export type TakeBackOut = components["schemas"]["TakeBackOut"];
export type TakeIn = components["schemas"]["TakeIn"];
export type TeamOut = components["schemas"]["TeamOut"];
export type TokenIn = components["schemas"]["TokenIn"];
export type TokenOut = components["schemas"]["TokenOut"];
export type UnpublishedFacts = components["schemas"]["UnpublishedFacts"];
export type UploadIn = components["schemas"]["UploadIn"];
export type UploadOut = components["schemas"]["UploadOut"];
export type UploadProblemOut = components["schemas"]["UploadProblemOut"];
export type UploadStateOut = components["schemas"]["UploadStateOut"];
export type UploadWorkOut = components["schemas"]["UploadWorkOut"];
export type UploadsOut = components["schemas"]["UploadsOut"];
export type UsualOut = components["schemas"]["UsualOut"];
export type ValidationError = components["schemas"]["ValidationError"];
export type VerdictIn = components["schemas"]["VerdictIn"];
export type WalkFacts = components["schemas"]["WalkFacts"];
export type WalkIn = components["schemas"]["WalkIn"];
export type WorkDay = components["schemas"]["WorkDay"];
export type WorkOut = components["schemas"]["WorkOut"];
export type WorkRow = components["schemas"]["WorkRow"];
export type RefineIn = components["schemas"]["RefineIn"];
export type StepsIn = components["schemas"]["StepsIn"];
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
