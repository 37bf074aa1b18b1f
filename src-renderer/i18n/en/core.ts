// Words for codes that the core sends. A code without words here is spelt out with its figures.
export const core = {
  'kind.data.import': 'Import',
  'kind.data.retype': 'Change types',
  'kind.data.export': 'Export',
  'kind.train': 'Train',
  'kind.samples.import': 'Import sample',
  'kind.samples.run': 'Sample, the whole way',
  'kind.learn': 'Learn',
  'kind.registry.predict': 'Score a file',
  'kind.advise.analyse': 'Analyse',

  'subject.dataset': 'dataset {{name}}',
  'subject.labelSet': 'label set {{name}}',
  'subject.model': 'model {{name}}',
  'subject.endpoint': 'endpoint {{name}}',
  'subject.run': 'run {{name}}',
  'subject.sample': 'sample {{name}}',
  'subject.metric': 'metric {{name}}',
  'subject.file': 'file {{name}}',

  'note.detecting': 'looking at the files',
  'note.checking': 'checking rows',
  'note.transcoding': 'changing the encoding',
  'note.reading': 'reading rows',
  'note.writing': 'writing the version',
  'note.profiling': 'looking at every column',
} as const;
