# scikit-learn's pipeline of the same steps, on the same Parquet file: one JSON line a turn.
import json, os, sys, time
for name in ('OPENBLAS_CORETYPE', 'OPENBLAS_L2_SIZE'):
    os.environ.pop(name, None)
import numpy as np
import pandas as pd
import sklearn
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

path, order = sys.argv[1], json.loads(sys.argv[2])


def pipeline(text, jobs):
    steps = [
        ('numbers', make_pipeline(SimpleImputer(strategy='median'), StandardScaler(copy=False)), order['numbers']),
        ('few', OneHotEncoder(handle_unknown='ignore', dtype=np.float32), order['few']),
        ('many', OrdinalEncoder(handle_unknown='use_encoded_value', unknown_value=-1, dtype=np.float32), order['many']),
    ]
    if text:
        steps.append(('text', TfidfVectorizer(max_features=order['terms'], token_pattern=r'\w+', dtype=np.float32), order['text']))
    return ColumnTransformer(steps, n_jobs=jobs)


print(json.dumps({'version': f'scikit-learn {sklearn.__version__}, pandas {pd.__version__}'}), flush=True)
for line in sys.stdin:
    turn = json.loads(line)
    started, cpu = time.perf_counter(), time.process_time()
    table = pd.read_parquet(path)
    read, read_cpu = time.perf_counter(), time.process_time()
    # Its fit computes the matrix anyway: both at once is its best.
    matrix = pipeline(turn['text'], turn['jobs']).fit_transform(table)
    done, done_cpu = time.perf_counter(), time.process_time()
    print(json.dumps({
        'read': read - started, 'fit': done - read, 'transform': 0,
        'cpu': {'read': read_cpu - cpu, 'fit': done_cpu - read_cpu, 'transform': 0},
        'width': int(matrix.shape[1]), 'sum': float(matrix.sum()),
    }), flush=True)
    del table, matrix
