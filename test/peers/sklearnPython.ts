/** For `preparePython`: what judges our classical learners. */
export const sklearnRequirements = ['scikit-learn==1.9.1', 'numpy==2.4.6'];
