"""Known answers of tests/cluster.rs, by scikit-learn. Give it the folder of the ComCat files."""

import csv
import sys

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score

with open(f"{sys.argv[1]}/oklahoma_box_2014-2016.csv") as file:
    rows = list(csv.DictReader(file))
points = np.array([[float(r["longitude"]), float(r["latitude"])] for r in rows])
print(len(points), "events")

for k in (2, 3, 4):
    fit = KMeans(k, n_init=200, random_state=0, tol=0, max_iter=1000).fit(points)
    order = np.argsort(fit.cluster_centers_[:, 0])
    sizes = np.bincount(fit.labels_)[order]
    print(k, f"sum {fit.inertia_:.9f}", "sizes", sizes,
          f"silhouette {silhouette_score(points, fit.labels_):.9f}")
    if k == 3:
        print(fit.cluster_centers_[order].round(9).tolist())

small = np.array([[0, 0], [1, 0], [0, 2], [5, 5], [6, 5], [9, 0]], float)
labels = [0, 0, 0, 1, 1, 2]
for metric in ("manhattan", "euclidean"):
    print(metric, f"{silhouette_score(small, labels, metric=metric):.9f}")
a, b = [0, 0, 0, 1, 1, 1, 2, 2, 2, 2], [1, 1, 0, 0, 0, 2, 2, 2, 2, 1]
print("adjusted Rand", f"{adjusted_rand_score(a, b):.9f}")
