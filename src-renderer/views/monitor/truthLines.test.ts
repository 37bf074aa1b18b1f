import { expect, test } from 'vitest';
import { readTruthLines } from './truthLines.ts';

test('reads lines with and without the row, with the heading, tabs and quotes', () => {
  expect(readTruthLines('request_id,row,truth\nreq_1,2,Yes\r\n\nreq_2,No\nreq_3\t0\t"Yes"\n')).toEqual({
    rows: [
      { requestId: 'req_1', row: 2, truth: 'Yes' },
      { requestId: 'req_2', row: 0, truth: 'No' },
      { requestId: 'req_3', row: 0, truth: 'Yes' },
    ],
  });
});

test('tells the line that cannot be read, and hands over nothing', () => {
  expect(readTruthLines('req_1,0,Yes\nreq_2')).toEqual({ wrong: 'fields', line: 2, found: 1 });
  expect(readTruthLines('req_1,0,Yes,more')).toEqual({ wrong: 'fields', line: 1, found: 4 });
  expect(readTruthLines(',0,Yes')).toEqual({ wrong: 'fields', line: 1, found: 3 });
  expect(readTruthLines('req_1,-1,Yes')).toEqual({ wrong: 'row', line: 1, found: '-1' });
});
