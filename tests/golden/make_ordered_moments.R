# Thresholds, polychoric, polyserial and Pearson correlations of ordered and mixed items, and n times their asymptotic
# covariance: what lavaan returns before it fits anything.
#   Rscript make_ordered_moments.R [FOLDER]      writes regions_ordered.csv and empty_cells.csv there and a JSON file a case into
# ordered_moments/. tests/test_ordered_moments.py replays each call. See make_golden.R for how figures are kept.
source("oracle.R")
into <- file.path(folder, "ordered_moments")
dir.create(into, showWarnings = FALSE)
RNGkind("Mersenne-Twister", "Inversion", "Rejection")

# Answers of 540 people in three regions to items of 2, 3, 5 and 7 categories, the last with a ceiling, and to two
# continuous ones, the second somewhat skewed. Some answers are missing by chance; weights differ.
regions <- function() {
  set.seed(7)
  region <- rep(c("north", "south", "west"), c(200, 180, 160)); n <- length(region)
  f <- rnorm(n) + .3 * (region == "south")
  lambda <- c(.8, .7, .6, .75, .65, .7)
  y <- sapply(lambda, function(l) l * f + sqrt(1 - l^2) * rnorm(n))
  cuts <- list(.2, c(-.5, .8), c(-1.2, -.4, .3, 1.1), c(-1.4, -1.1, -.8, -.5, -.2, .1))
  items <- data.frame(lapply(1:4, function(j) findInterval(y[, j], cuts[[j]]) + 1))
  items <- cbind(items, round(10 + 3 * y[, 5], 2), round(exp(.2 * y[, 6]), 3))
  names(items) <- c("two", "three", "five", "seven", "tenure", "pay")
  for (j in 1:6) items[runif(n) < .06, j] <- NA
  data.frame(region, weight = round(exp(rnorm(n, 0, .4)), 3), items)[sample(n), ]
}
# Answers of 120 people with empty cells: one in the table of the first two, many in that of the last two.
empty_cells <- function() {
  set.seed(20240612)
  n <- 120; f <- rnorm(n); e <- matrix(rnorm(4 * n), n)
  two <- function(k, at) as.integer(.8 * f + .6 * e[, k] > at) + 1
  seven <- function(k) findInterval(.9 * f + .44 * e[, k], c(-1.7, -1.3, -.9, -.4, 0, .4)) + 1
  a <- two(1, -.2); b <- two(2, .9); b[a == 1] <- 1
  data.frame(a, b, c = seven(3), d = seven(4))
}
DATA <- list(regions_ordered.csv = stored("regions_ordered.csv", regions()), empty_cells.csv = stored("empty_cells.csv", empty_cells()))
ORDERED <- c("two", "three", "five", "seven"); CONTINUOUS <- c("tenure", "pay")

# Lower triangles go column by column; lavaan's means have the opposite sign in `statistics`.
lower <- function(S) S[lower.tri(S, diag = TRUE)]
each <- function(parts) paste0("[\n", paste0("   ", vapply(parts, function(x) json(as.numeric(x)), ""), collapse = ",\n"), "\n  ]")
moments <- function(name, data, items, ordered, group = NULL, weights = NULL, missing = "listwise") {
  frame <- DATA[[data]]
  args <- list(model = paste("f =~", paste(items, collapse = " + ")), data = frame, ordered = ordered, estimator = "WLSMV", missing = missing, do.fit = FALSE)
  if (!is.null(group)) args <- c(args, list(group = group, group.label = sort(unique(frame[[group]]))))
  if (!is.null(weights)) args$sampling.weights <- weights
  fit <- suppressWarnings(do.call("cfa", args))
  S <- lavInspect(fit, "sampstat"); if (is.null(group)) S <- list(S)
  groups <- if (is.null(group)) list(frame) else split(frame, frame[[group]])
  if (missing == "listwise") groups <- lapply(groups, function(d) d[complete.cases(d[items]), ])
  if (is.null(weights)) for (g in seq_along(S)) at_top(groups[[g]], items, ordered, unclass(S[[g]]$cov))
  call <- list(data = data, items = I(items), ordered = I(ordered), missing = missing)
  if (!is.null(group)) call$group <- group
  if (!is.null(weights)) call$weights <- weights
  file_of(name, list(call = object_of(by_key(call)), nobs = json(I(lavInspect(fit, "nobs"))),
                     statistics = each(fit@SampleStats@WLS.obs), covariance = each(lapply(S, function(s) lower(unclass(s$cov)))),
                     gamma = each(lapply(fit@SampleStats@NACOV, lower))))
}
# lavaan's search for a correlation with a continuous item sometimes ends far from the maximum: such a case is not kept.
at_top <- function(frame, items, ordered, S) {
  z <- function(x) (x - mean(x, na.rm = TRUE)) / sqrt(mean((x - mean(x, na.rm = TRUE))^2, na.rm = TRUE))
  R <- cov2cor(S)
  for (x in setdiff(items, ordered)) for (y in setdiff(items, x)) {
    both <- !is.na(frame[[x]]) & !is.na(frame[[y]])
    a <- z(frame[[x]])[both]
    loglik <- if (y %in% ordered) {
      edges <- c(-Inf, qnorm(cumsum(prop.table(table(frame[[y]])))))
      k <- match(frame[[y]], sort(unique(frame[[y]])))[both]
      function(r) sum(log(pnorm((edges[k + 1] - r * a) / sqrt(1 - r^2)) - pnorm((edges[k] - r * a) / sqrt(1 - r^2))))
    } else {
      b <- z(frame[[y]])[both]
      function(r) sum(-log(1 - r^2) / 2 - (a^2 - 2 * r * a * b + b^2) / (2 * (1 - r^2)))
    }
    r <- R[x, y]
    if (loglik(r) < max(loglik(r - 1e-4), loglik(r + 1e-4))) stop(x, " and ", y, ": not at the maximum")
  }
}
L <- "regions_ordered.csv"; mixed <- c("tenure", "two", "three", "pay", "five", "seven")
moments("one_group", L, ORDERED, ORDERED)
moments("groups", L, ORDERED, ORDERED, group = "region")
moments("mixed", L, mixed, ORDERED, group = "region")
moments("weights", L, mixed, ORDERED, group = "region", weights = "weight")
moments("pairwise", L, ORDERED, ORDERED, group = "region", missing = "pairwise")
moments("pairwise_mixed", L, mixed, ORDERED, group = "region", missing = "pairwise")
moments("pairwise_weights", L, mixed, ORDERED, group = "region", weights = "weight", missing = "pairwise")
moments("one_continuous", L, c("five", "tenure", "seven"), c("five", "seven"), missing = "pairwise")
moments("sparse", "empty_cells.csv", c("a", "b", "c", "d"), c("a", "b", "c", "d"))
