// Part of the library's door: nothing here may lead to the types of Temporal, which a caller need not be able to check.

/** A Temporal that somebody else runs, as a caller names it; what is left out comes from the environment. */
export interface TemporalOptions {
  /** `host:port`. */
  readonly address?: string;
  readonly namespace?: string;
  /** Profile of the configuration file; default `TEMPORAL_PROFILE`, else `default`. */
  readonly profile?: string;
  /** Default `TEMPORAL_CONFIG_FILE`, else `temporalio/temporal.toml` in this user's configuration folder. */
  readonly configFile?: string;
  readonly apiKey?: string;
}

export interface HostOptions {
  /** Directory or `postgres://…` of the store; default: `STET_STORE`, else the nearest `.stet/` upwards, else `./.stet/`. */
  readonly store?: string;
  /**
   * A Temporal that somebody else runs, or `embedded` for the server that Stet brings, whatever the environment says.
   * Default: what `TEMPORAL_ADDRESS`, `TEMPORAL_PROFILE` and `temporal.toml` name; where they name none, `embedded`.
   */
  readonly temporal?: 'embedded' | TemporalOptions;
  /** Opens Temporal's web UI beside the embedded server. */
  readonly ui?: boolean;
  /** What a person may want to know while it works: a download, a server restarted, a run taken up. */
  readonly onNotice?: (message: string) => void;
  /** Default: the process environment. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory?: string;
  /** Rows a segment, the unit of an activity and of a blob, for a new store; an old one keeps its own. Counts in no key. */
  readonly segmentSize?: number;
  /** What this process is called in the store's registry. */
  readonly command?: string;
  /** Workflows kept in memory between their steps (500). */
  readonly maxCachedWorkflows?: number;
  /** `host:port` that shows metrics for Prometheus. */
  readonly metricsAddress?: string;
  /** Waits for a Temporal elsewhere that does not answer yet, until the signal fires; otherwise that is an error. */
  readonly waitUntil?: AbortSignal;
}
