"""Known answers of tests/evaluate.rs, by statsmodels, SciPy and scikit-learn."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from scipy.stats import bootstrap, chi2
from sklearn.calibration import calibration_curve
from sklearn.metrics import (accuracy_score, average_precision_score, balanced_accuracy_score,
                             brier_score_loss, f1_score, precision_recall_curve, precision_score,
                             recall_score)
from statsmodels.stats.proportion import proportion_confint

print("Wilson")
for hits, n in [(0, 10), (1, 10), (5, 10), (10, 10), (81, 263), (3, 3600)]:
    print((hits, n), [f"{x:.12f}" for x in proportion_confint(hits, n, 0.05, "wilson")])

print("Garwood")
for n in (0, 1, 4, 100, 3000):
    low = chi2.ppf(0.025, 2 * n) / 2 if n else 0.0
    print(n, f"{low:.9f}", f"{chi2.ppf(0.975, 2 * n + 2) / 2:.9f}")

print("classes")
truth = [0, 0, 0, 1, 1, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3]
said = [0, 1, 3, 1, 1, 0, 2, 3, 3, 3, 3, 3, 3, 2, 0]
print("accuracy", accuracy_score(truth, said))
for name, score in [("precision", precision_score), ("recall", recall_score), ("f1", f1_score)]:
    print(name, [f"{x:.9f}" for x in score(truth, said, average=None)])
print("balanced", f"{balanced_accuracy_score(truth, said):.9f}")

print("curve")
event = [0, 0, 1, 1, 0, 1, 0, 1, 1, 0]
score = [0.1, 0.4, 0.35, 0.8, 0.4, 0.4, 0.05, 0.9, 0.65, 0.7]
print("average precision", f"{average_precision_score(event, score):.12f}")
print([x.round(6).tolist() for x in precision_recall_curve(event, score)])

print("calibration")
print("Brier", f"{brier_score_loss(event, score):.12f}")
true, stated = calibration_curve(event, score, n_bins=4)
counts = np.histogram(score, np.linspace(0, 1, 5))[0]
print(true.tolist(), stated.tolist(), counts, "ECE",
      f"{sum(counts[counts > 0] * abs(true - stated)) / len(event):.12f}")

print("temperature")
p = np.array([[0.9, 0.05, 0.05], [0.8, 0.1, 0.1], [0.1, 0.85, 0.05], [0.05, 0.05, 0.9],
              [0.7, 0.2, 0.1], [0.02, 0.9, 0.08]], dtype=np.float32).astype(float)
target = [0, 1, 1, 2, 2, 1]
loss = lambda t: -sum(log_softmax(np.log(p) / np.exp(t), axis=1)[range(6), target])
best = minimize_scalar(loss, bounds=(-3, 3), method="bounded", options={"xatol": 1e-10})
print(f"{np.exp(best.x):.7f}")

print("bootstrap of a mean")
values = np.array([(i * i) % 17 for i in range(40)], dtype=float)
interval = bootstrap((values,), np.mean, method="percentile", n_resamples=100_000, rng=1).confidence_interval
print([f"{x:.3f}" for x in interval])
