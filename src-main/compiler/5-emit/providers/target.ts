/** Where a graph is going to run. */
export interface Target {
  readonly provider: 'cpu' | 'webgpu' | 'cuda';
  /** CPU only: channels in a block of its blocked convolutions, as `probeBlockedChannels` found; left out, they are not used. */
  readonly channelBlock?: 8 | 16 | undefined;
  /** CPU only: the session gets one thread, so forms that race on several are right. */
  readonly threads?: 1 | undefined;
}
