/** Outcome of one comparison with another implementation. `notes` says what was compared and how close it came. */
export interface PeerResult {
  name: string;
  /** The other implementation with its version. */
  peer: string;
  passed: number;
  failed: number;
  skipped: number;
  notes: string[];
}

export interface Peer {
  name: string;
  /** One line for `--list`. */
  about: string;
  run(): Promise<PeerResult>;
}
