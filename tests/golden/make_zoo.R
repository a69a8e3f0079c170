# Answers that go wrong easily: what lavaan returns for them. tests/test_zoo.py has our figures beside these, and what is refused.
#   Rscript make_zoo.R [FOLDER]        writes zoo.csv there and a JSON file a case into zoo/
# See make_golden.R for how calls and figures are kept.
source("oracle.R")
into <- file.path(folder, "zoo")
dir.create(into, showWarnings = FALSE)
RNGkind("Mersenne-Twister", "Inversion", "Rejection")

# 240 people; six decent items of two factors, and what may become of them, a prefix a kind.
zoo <- function() {
  set.seed(20240522)
  n <- 240; f <- rnorm(n); g <- .5 * f + sqrt(.75) * rnorm(n)
  items <- function(lambda, eta = cbind(f, f, f, g, g, g), theta = 1 - lambda^2) sapply(1:6, function(j) lambda[j] * eta[, j] + sqrt(theta[j]) * rnorm(n))
  base <- round(items(c(.8, .7, .75, .8, .65, .7)), 3)
  named <- function(prefix, x, digits = 4) { x <- round(x, digits); colnames(x) <- paste0(prefix, 1:6); as.data.frame(x) }
  heywood <- items(c(.99, .3, .35, .8, .7, .6)); heywood[, 1] <- f + .02 * rnorm(n); heywood[, 2] <- .4 * f + .5 * heywood[, 3] + .6 * rnorm(n)
  twins <- base; twins[, 2] <- base[, 1] + .03 * rnorm(n)
  one <- items(c(.8, .7, .75, .8, .65, .7), cbind(f, f, f, f, f, f))                    # two factors asked of one
  outliers <- base; outliers[c(3, 77, 150), 4] <- c(99, 99, -99)
  unrelated <- matrix(rnorm(6 * n), n)
  misfit <- base; misfit[, 4] <- misfit[, 4] + 1.5 * misfit[, 1]; misfit[, 5] <- misfit[, 5] + rnorm(n)
  half <- base; half[matrix(runif(6 * n) < .5, n)] <- NA; half[1, ] <- base[1, ]
  seldom <- base; first <- seq_len(n) <= n / 2; seldom[first, 1] <- NA; seldom[!first, 6] <- NA; seldom[c(2, 9, 20, 41, 55, 61, 70, 81, 95, 101, 110, 119), 1] <- base[c(2, 9, 20, 41, 55, 61, 70, 81, 95, 101, 110, 119), 1]
  empty <- base; empty[matrix(runif(6 * n) < .05, n)] <- NA; empty[sample(n, 20), ] <- NA
  selective <- base; selective[base[, 1] > .4, 2] <- NA; selective[base[, 4] < -.6, 5] <- NA
  data.frame(
    half = rep(c("a", "b"), each = n / 2), few = ifelse(seq_len(n) <= 20, "few", "many"), eight = paste0("g", rep(1:8, each = n / 8)),
    weight = round(exp(rnorm(n, 0, 1.5)), 4), team = paste0("t", sample(9, n, TRUE)),
    named("ok", base), named("big", base + 1e6), named("tiny", base * 1e-3, 7), named("wide", sweep(base, 2, c(1e-2, 1, 100, 1e-2, 1, 100), "*"), 5),
    named("hey", heywood), named("twin", twins), named("one", one), named("out", outliers), named("none", unrelated), named("mis", misfit),
    named("neg", sweep(base, 2, c(1, -1, 1, 1, 1, -1), "*")), named("top", pmin(round(5 + 1.4 * base), 6)), named("bin", (base > .8) * 1), named("skew", exp(1.6 * base)),
    named("half", half), named("seld", seldom), named("void", empty), named("sel", selective))
}
DATA <- list(zoo.csv = stored("zoo.csv", zoo()))
Z <- "zoo.csv"
two <- function(p) sprintf("f =~ %1$s1 + %1$s2 + %1$s3\ng =~ %1$s4 + %1$s5 + %1$s6", p)
scalar <- c("loadings", "intercepts")

# lavaan's search does not end, or its Hessian is singular, for: tiny, wide (but see tests/test_zoo.py: units do not matter), twin, none.
for (kind in c("big", "hey", "one", "mis", "neg", "top", "bin", "skew"))
  case(paste0("mlr_", kind), Z, two(kind), estimator = "MLR")
for (kind in c("half", "seld", "void", "sel")) case(paste0("fiml_", kind), Z, two(kind), estimator = "MLR", missing = "fiml")
for (kind in c("top", "out", "hey")) case(paste0("scalar_", kind), Z, two(kind), estimator = "MLR", group = "half", std_lv = TRUE, equal = scalar)
case("fiml_scalar_half", Z, two("half"), estimator = "MLR", missing = "fiml", group = "half", std_lv = TRUE, equal = scalar)
case("fiml_scalar_void", Z, two("void"), missing = "fiml", group = "half", std_lv = TRUE, equal = scalar)
case("unequal_groups", Z, two("ok"), estimator = "MLR", group = "few", std_lv = TRUE, equal = scalar)
case("eight_groups", Z, two("ok"), estimator = "MLR", group = "eight", std_lv = TRUE, equal = scalar)
case("uneven_weights", Z, two("ok"), estimator = "MLR", weights = "weight")
case("nine_clusters", Z, two("ok"), estimator = "MLR", cluster = "team")
case("ml_out", Z, two("out"))        # by MLR lavaan's numerical Hessian is good to four digits only here
case("saturated", Z, "f =~ ok1 + ok2 + ok3", estimator = "MLR")
case("uncorrelated", Z, two("neg"), estimator = "MLR", orthogonal = TRUE)
case("mlm_skew", Z, two("skew"), estimator = "MLM")
case("mlm_big", Z, two("big"), estimator = "MLM")
