# Places in an order of estimated means: how far the most distant of the others may seem by chance, from the multivariate
# normal distribution itself (mvtnorm's integral) where the package draws from it, and the places that this leaves.
#   Rscript make_places.R [FOLDER]     writes places/places.json
# tests/test_league.py compares.
suppressMessages({library(mvtnorm); library(jsonlite)})
folder <- commandArgs(TRUE)
folder <- if (length(folder)) folder[1] else "."
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
set.seed(11)
G <- 6
root <- matrix(rnorm(G * G), G) / 8 + diag(0.06 + 0.03 * seq_len(G))
covariance <- root %*% t(root)
means <- c(0.9, 0.75, 0.35, 0.1, -0.4, -0.5)
limit <- sapply(seq_len(G), function(g) {
  others <- setdiff(seq_len(G), g)
  apart <- matrix(0, G - 1, G); apart[cbind(seq_len(G - 1), others)] <- 1; apart[, g] <- -1
  set.seed(g)
  qmvnorm(0.95, tail = "both.tails", corr = cov2cor(apart %*% covariance %*% t(apart)), algorithm = GenzBretz(maxpts = 2e6, abseps = 1e-5))$quantile
})
surely <- function(g, sign) sum(sapply(setdiff(seq_len(G), g), function(h)
  sign * (means[h] - means[g]) / sqrt(covariance[h, h] + covariance[g, g] - 2 * covariance[g, h]) > limit[g]))
write(toJSON(list(
  covariance = covariance, means = means, limit = limit,
  lower = sapply(seq_len(G), function(g) 1 + surely(g, 1)), upper = sapply(seq_len(G), function(g) G - surely(g, -1))
), digits = 10, pretty = TRUE), file.path(folder, "places", "places.json"))
