/** Execution providers beside the CPU, whose kernels differ in what they cover. */
export type MeasuredProvider = 'webgpu' | 'cuda';

/**
 * What a provider was measured to do with an operator's samples, forward and gradient: 'all' runs there and equals the CPU;
 * 'cpu' gives the right numbers, but the runtime sends (part of) it back to the CPU; 'none' fails.
 */
export type MeasuredSupport = 'all' | 'cpu' | 'none';

/** By provider and operator key ('Conv', 'com.microsoft.FusedMatMul'), written from measurements. Absent: not measured. */
export const providerSupport: Readonly<Record<MeasuredProvider, Readonly<Record<string, MeasuredSupport>>>> = {
  webgpu: {},
  cuda: {},
};
