/** For `preparePython`: what judges our trees. LightGBM and XGBoost bring their own libraries; `shap` needs an older numpy than the other tests. */
export const treeRequirements = ['lightgbm==4.7.0', 'xgboost==3.2.0', 'shap==0.51.0', 'onnxruntime==1.30.0', 'numpy<2.5'];
