# Alignment of four regions: lavaan's configural estimates, and an alignment loss that is written here, minimised here.
#   Rscript make_alignment.R [FOLDER]      writes a JSON file a case into alignment/, from four_regions.csv of make_golden.R
# tests/test_alignment.py compares. The loss is that of Asparouhov & Muthen (2014), pair by pair in a loop, by s and alpha
# themselves; minima by optim (BFGS) from several starts, polished by Newton's steps with differences; standard errors by moving each configural
# estimate a little either way, minimising again, and the covariance of these estimates. "without" are means and SDs where two cells are
# left out of the loss: the intercept of the second item in the second group, and the loading of the first in the fourth, searched from the
# minimum over all cells. See make_golden.R for the rest.
source("oracle.R")
into <- file.path(folder, "alignment")
dir.create(into, showWarnings = FALSE)
DATA <- list(four_regions.csv = stored("four_regions.csv"))
two <- "f =~ i1 + i2 + i3 + i4\ng =~ i5 + i6 + i7 + i8"
factors <- list(f = paste0("i", 1:4), g = paste0("i", 5:8))

loss <- function(s, alpha, l0, v0, n, epsilon, out = FALSE) {
  f <- function(x) (x^2 + epsilon)^0.25
  gone <- function(i, g, item, group) out && i == item && g == group
  total <- 0
  for (a in 1:(length(n) - 1)) for (b in (a + 1):length(n)) for (i in seq_len(nrow(l0))) {
    la <- l0[i, a] / s[a]; lb <- l0[i, b] / s[b]
    if (!gone(i, a, 1, 4) && !gone(i, b, 1, 4)) total <- total + sqrt(n[a] * n[b]) * f(la - lb)
    if (!gone(i, a, 2, 2) && !gone(i, b, 2, 2)) total <- total + sqrt(n[a] * n[b]) * f((v0[i, a] - alpha[a] * la) - (v0[i, b] - alpha[b] * lb))
  }
  total
}
# What is free: log s but the last (their sum is 0); alpha but the first (0, or what makes the sum 0).
unfold <- function(x, G, how) {
  t <- c(x[1:(G - 1)], -sum(x[1:(G - 1)])); a <- x[G:(2 * G - 2)]
  list(s = exp(t), alpha = c(if (how == "fixed") 0 else -sum(a), a))
}
lowest <- function(start, l0, v0, n, epsilon, how, out = FALSE) {
  f <- function(x) { at <- unfold(x, length(n), how); if (max(abs(x)) > 5) 1e6 else loss(at$s, at$alpha, l0, v0, n, epsilon, out) / 1000 }
  x <- optim(start, f, method = "BFGS", control = list(maxit = 2000, reltol = 1e-15))$par
  unit <- diag(length(x)); h <- 1e-5
  slope <- function(x) apply(unit, 1, function(d) (f(x + h * d) - f(x - h * d)) / (2 * h))
  for (again in 1:4) x <- x - solve(apply(unit, 1, function(d) (slope(x + h * d) - slope(x - h * d)) / (2 * h)), slope(x))
  stopifnot(max(abs(slope(x))) < 1e-7)
  list(x = x, loss = f(x) * 1000)
}
best <- function(l0, v0, n, epsilon, how) {
  G <- length(n); set.seed(1); found <- NULL
  for (k in 1:12) {
    start <- if (k == 1) rep(0, 2 * G - 2) else rnorm(2 * G - 2, 0, 0.3)
    one <- lowest(start, l0, v0, n, 1, how); one <- lowest(one$x, l0, v0, n, 0.1, how); one <- lowest(one$x, l0, v0, n, epsilon, how)
    if (is.null(found) || one$loss < found$loss - 1e-9) found <- one
  }
  found
}
reported <- function(x, G, how) {
  at <- unfold(x, G, how)
  c((at$alpha - at$alpha[1]) / at$s[1], at$s / at$s[1])
}
errors <- function(x, l0, v0, n, epsilon, how, V) {
  h <- 1e-4; y <- c(t(l0), t(v0)); G <- length(n); p <- nrow(l0)
  at <- function(y) {
    l <- matrix(y[1:(p * G)], p, G, byrow = TRUE); v <- matrix(y[-(1:(p * G))], p, G, byrow = TRUE)
    reported(lowest(x, l, v, n, epsilon, how)$x, G, how)
  }
  J <- sapply(seq_along(y), function(k) { d <- replace(numeric(length(y)), k, h); (at(y + d) - at(y - d)) / (2 * h) })
  sqrt(diag(J %*% V %*% t(J)))
}
regions <- function(name, how, epsilon, ...) {
  call <- call_of("four_regions.csv", two, group = "region", std_lv = TRUE, ...)
  fit <- fitted_by(call); table <- parTable(fit); V <- vcov(fit); G <- lavInspect(fit, "ngroups"); n <- lavInspect(fit, "nobs")
  parts <- list(call = call_json(call), groups = json(I(labels_of(fit))), epsilon = json(epsilon), identification = json(how))
  for (factor in names(factors)) {
    items <- factors[[factor]]
    cell <- function(item, g, op) which(table$group == g & table$op == op & (if (op == "=~") table$lhs == factor & table$rhs == item else table$lhs == item))
    rows <- function(op) sapply(1:G, function(g) sapply(items, cell, g = g, op = op))
    la <- rows("=~"); nu <- rows("~1")
    l0 <- matrix(table$est[la], length(items)); v0 <- matrix(table$est[nu], length(items))
    free <- table$free[c(t(la), t(nu))]; found <- best(l0, v0, n, epsilon, how)
    s <- seq(0.8, 1.3, length.out = G); alpha <- seq(0, 0.6, length.out = G)
    told <- reported(found$x, G, how); without <- reported(lowest(found$x, l0, v0, n, epsilon, how, TRUE)$x, G, how)
    parts[[paste0("factor_", factor)]] <- object_of(list(
      loadings = l0, intercepts = v0, s = s, alpha = alpha, loss_apart = loss(s, alpha, l0, v0, n, epsilon),
      loss_zero = loss(rep(1, G), rep(0, G), l0, v0, n, epsilon), loss = found$loss,
      mean = told[1:G], sd = told[-(1:G)], mean_without = without[1:G], sd_without = without[-(1:G)], se = errors(found$x, l0, v0, n, epsilon, how, V[free, free])))
    cat(factor, found$loss, told, "\n")
  }
  file_of(name, parts)
}
regions("fixed", "fixed", 0.01)
regions("fixed_small", "fixed", 0.001)
regions("free", "free", 0.01)
regions("fixed_mlr", "fixed", 0.01, estimator = "MLR")
