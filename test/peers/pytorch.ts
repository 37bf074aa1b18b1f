/** For `preparePython`. PyPI has no CPU-only build for Linux: this one brings CUDA libraries along, 2.5 GB to fetch and 4.8 GB on disk, once. */
export const pytorchRequirements = ['torch==2.12.1', 'numpy==2.4.6'];
