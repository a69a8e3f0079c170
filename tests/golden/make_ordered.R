# Models of items answered in ordered categories: what lavaan returns for stated calls.
#   Rscript make_ordered.R [FOLDER]      writes steps.csv there and a JSON file a case into ordered/
# regions_ordered.csv comes from make_ordered_moments.R. tests/test_ordered_golden.py replays each call.
# `written` is the model of groups in lavaan's own words, group by group, where its group.equal would identify it
# otherwise (it frees factor means as soon as thresholds are equal and leaves intercepts at 0; see docs/conventions.md).
source("oracle.R")
into <- file.path(folder, "ordered")
dir.create(into, showWarnings = FALSE)
RNGkind("Mersenne-Twister", "Inversion", "Rejection")

# Answers of 1,200 people in three lands and two ages to two factors' items: seven steps with a ceiling, five, three
# and two steps, and one measured score. Land 2 is higher on the first factor, land 3 varies more; two thresholds and a
# loading differ. Some answers are missing by chance.
steps <- function() {
  set.seed(20240912)
  land <- rep(c("one", "two", "three"), c(450, 400, 350)); n <- length(land)
  age <- sample(c("old", "young"), n, TRUE)
  spread <- ifelse(land == "three", 1.25, 1)
  f <- spread * rnorm(n) + .35 * (land == "two"); g <- .6 * f + .8 * rnorm(n) - .2 * (age == "young")
  lambda <- c(s1 = .85, s2 = .75, s3 = .7, s4 = .8, v1 = .7, v2 = .8, v3 = .65, d1 = .75, d2 = .8, d3 = .7, b1 = .8, b2 = .7, b3 = .75, b4 = .65, m1 = .7)
  on_f <- names(lambda) %in% c("s1", "s2", "s3", "s4", "d1", "d2", "d3", "b1", "b2")
  y <- sapply(seq_along(lambda), function(j) lambda[j] * (if (on_f[j]) f else g) + sqrt(1 - lambda[j]^2) * rnorm(n))
  colnames(y) <- names(lambda)
  y[, "v2"] <- y[, "v2"] - .4 * (land == "three") * g
  cuts <- list(s1 = c(-2.1, -1.7, -1.3, -.9, -.4, .1), s2 = c(-1.9, -1.5, -1.1, -.7, -.2, .4), s3 = c(-2, -1.6, -1.2, -.8, -.3, .2),
               s4 = c(-1.8, -1.4, -1, -.6, -.1, .5), v1 = c(-1.4, -.7, .1, .9), v2 = c(-1.2, -.5, .2, 1.1), v3 = c(-1.5, -.8, 0, .8),
               d1 = c(-.6, .5), d2 = c(-.4, .7), d3 = c(-.8, .3), b1 = .1, b2 = -.3, b3 = .4, b4 = 0)
  items <- data.frame(lapply(names(cuts), function(k) findInterval(y[, k] + .35 * (k == "s3" & land == "two"), cuts[[k]]) + 1))
  names(items) <- names(cuts)
  items$m1 <- round(20 + 4 * y[, "m1"], 1)
  for (k in names(items)) items[runif(n) < .03, k] <- NA
  data.frame(land, age, items)[sample(n), ]
}
DATA <- list(steps.csv = stored("steps.csv", steps()), regions_ordered.csv = stored("regions_ordered.csv"))
S <- "steps.csv"; L <- "regions_ordered.csv"
INDICES <- c("cfi", "tli", "rmsea", "rmsea.ci.lower", "rmsea.ci.upper", "rmsea.pvalue")
ORDERED_MEASURES <- c("npar", "chisq", "df", "pvalue", "baseline.chisq", "baseline.df", INDICES, "srmr", "ntotal")
ROBUST_MEASURES <- c("chisq.scaled", "df.scaled", "pvalue.scaled", "chisq.scaling.factor", "baseline.chisq.scaled", "baseline.chisq.scaling.factor", "cfi.scaled", "tli.scaled", "rmsea.scaled")
COUNTS <- c(s = 6, v = 4, d = 2, b = 1)

# ---- lavaan's words for a model of groups ---------------------------------------------------------------------------
per_group <- function(values) paste0("c(", paste(values, collapse = ","), ")")
# One line a relation: a value where it is fixed, a label where it is tied, group by group. `released` as `free` in the
# package's calls; "x~1@2" in the second group only.
written_of <- function(model, groups, ordered, equal, released = character(0), theta = FALSE) {
  lines <- strsplit(model, "\n")[[1]]
  gone <- function(relation) vapply(seq_len(groups), function(g) relation %in% released || paste0(relation, "@", g) %in% released, TRUE)
  each <- function(name, family, relation) per_group(ifelse(family %in% equal & !gone(relation), name, paste0(name, "_", seq_len(groups))))
  free_from_second <- function(value) per_group(c(value, rep("NA", groups - 1)))
  items <- character(0); text <- character(0)
  for (line in lines) {
    parts <- strsplit(line, " =~ ")[[1]]; factor <- parts[1]; mine <- strsplit(parts[2], " \\+ ")[[1]]; items <- c(items, mine)
    tied <- "loadings" %in% equal
    terms <- vapply(mine, function(i) paste0(per_group(rep("NA", groups)), "*", i, " + ", each(paste0("l", i), "loadings", paste0(factor, "=~", i)), "*", i), "")
    text <- c(text, paste(factor, "=~", paste(terms, collapse = " + ")))
    text <- c(text, paste(factor, "~~", if (tied) free_from_second(1) else per_group(rep(1, groups)), "*", factor))
    text <- c(text, paste(factor, "~", if ("intercepts" %in% equal) free_from_second(0) else per_group(rep(0, groups)), "* 1"))
  }
  for (i in items) {
    if (i %in% ordered) {
      K <- COUNTS[[substr(i, 1, 1)]]
      names <- paste0("t", seq_len(K))
      terms <- vapply(names, function(t) paste0(each(paste0(i, t), "thresholds", paste0(i, "|", t)), "*", t), "")
      text <- c(text, paste(i, "|", paste(terms, collapse = " + ")))
      left <- if ("thresholds" %in% equal) K - Reduce(`+`, lapply(paste0(i, "|", names), gone)) else rep(0, groups)
      loose <- if ("intercepts" %in% equal) gone(paste0(i, "~1")) else left >= 1
      scaled <- left >= 1 + loose & !(theta && "residuals" %in% equal)
      from_second <- function(value, free) per_group(ifelse(free & seq_len(groups) > 1, "NA", value))
      text <- c(text, paste(i, "~", from_second(0, loose), "* 1"), paste(i, if (theta) "~~" else "~*~", from_second(1, scaled), "*", i))
    } else {
      text <- c(text, paste(i, "~", each(paste0("n", i), "intercepts", paste0(i, "~1")), "* 1"), paste(i, "~~", each(paste0("e", i), "residuals", paste0(i, "~~", i)), "*", i))
    }
  }
  paste(text, collapse = "\n")
}

# ---- fits, polished to a flat gradient (in oracle.R), with lavaan's Hessian of weighted least squares ------------------
fitted_ordered <- function(call, written = NULL) {
  frame <- DATA[[call$data]]
  args <- list(data = frame, ordered = call$ordered, estimator = call$estimator, missing = call$missing, std.lv = isTRUE(call$std_lv),
               parameterization = if (is.null(call$parameterization)) "delta" else call$parameterization, model = if (is.null(written)) call$model else written)
  if (!is.null(call$group)) { args$group <- call$group; args$group.label <- sort(unique(frame[[call$group]])) }
  if (!is.null(call$equal) && is.null(written)) stop("groups that are tied are to be written")
  fit <- do.call("cfa", args)
  for (again in 1:40) {
    if (steepest(fit) < 1e-11) break
    K <- directions(fit)
    J <- lavInspect(fit, "delta"); V <- lavInspect(fit, "wls.v"); n <- lavInspect(fit, "nobs")
    if (!is.list(J)) { J <- list(J); V <- list(V) }
    H <- Reduce(`+`, Map(function(j, v, k) k / sum(n) * crossprod(j, v %*% j), J, V, n))
    change <- K %*% solve(crossprod(K, H %*% K), crossprod(K, as.numeric(lavInspect(fit, "gradient"))))
    start <- parTable(fit); loose <- start$free > 0
    start$est[loose] <- start$est[loose] - change[start$free[loose]]
    fit <- do.call("cfa", c(args, list(start = start, optim.method = "none", optim.force.converged = TRUE)))
  }
  cat(sprintf("  chisq %.4f on %d df, gradient %.0e\n", fitMeasures(fit, "chisq"), as.integer(fitMeasures(fit, "df")), steepest(fit)))
  stopifnot(lavInspect(fit, "converged"), steepest(fit) < 1e-10)
  fit
}
estimates_of <- function(fit) {
  pe <- parameterEstimates(fit, standardized = TRUE, remove.eq = TRUE, remove.ineq = TRUE)
  pe$group <- if (is.null(pe$group)) "" else labels_of(fit)[pe$group]
  as.data.frame(lapply(pe[pe$op %in% c("=~", "~~", "~", "~1", "|", "~*~"), COLUMNS], function(x) if (is.numeric(x)) as.numeric(x) else as.character(x)))
}
FITS <- list()
ordered_case <- function(name, data, model, ordered, ..., estimator = "WLSMV", missing = "listwise", residuals = FALSE) {
  call <- c(list(data = data, model = model, ordered = ordered, estimator = estimator, missing = missing), list(...))
  written <- NULL
  if (!is.null(call$group)) {
    labels <- sort(unique(DATA[[data]][[call$group]]))
    released <- Reduce(function(text, g) sub(paste0("@", labels[g], "$"), paste0("@", g), text), seq_along(labels), call$free)
    written <- written_of(model, length(labels), ordered, call$equal, released, identical(call$parameterization, "theta"))
  }
  fit <- fitted_ordered(call, written); FITS[[name]] <<- fit
  kept <- c(ORDERED_MEASURES, if (estimator != "DWLS") ROBUST_MEASURES)
  call$ordered <- I(call$ordered)
  file_of(name, list(call = call_json(call), estimates = table_of(estimates_of(fit)), fit = object_of(as.list(unclass(fitMeasures(fit, kept)))[kept]),
                     groups = json(I(labels_of(fit))), nobs = json(I(lavInspect(fit, "nobs")))))
}
differences <- function(name, levels, ...) {
  rows <- lapply(seq_along(levels)[-1], function(k) {
    test <- lavTestLRT(FITS[[levels[k - 1]]], FITS[[levels[k]]], ...)
    data.frame(restricted = levels[k], free = levels[k - 1], chisq_diff = as.numeric(test[2, "Chisq diff"]), df_diff = as.numeric(test[2, "Df diff"]), pvalue = as.numeric(test[2, "Pr(>Chisq)"]))
  })
  file_of(name, list(kind = json("difference"), tests = table_of(do.call(rbind, rows))))
}

# ---- one group -------------------------------------------------------------------------------------------------------
seven <- "f =~ s1 + s2 + s3 + s4"; two_factors <- "f =~ s1 + s2 + s3 + s4\ng =~ v1 + v2 + v3"
three <- "f =~ s1 + d1 + d2 + d3"; binary <- "f =~ b1 + b2 + d1 + s1\ng =~ b3 + b4 + v1 + v2"
mixed <- "f =~ s1 + s2 + d1 + b1\ng =~ v1 + v2 + m1 + b3"
of <- function(model) { words <- unlist(strsplit(model, "[^A-Za-z0-9_]+")); setdiff(unique(words), c("f", "g", "m1", "tenure", "pay", "")) }
for (estimator in c("WLSMV", "WLSM", "DWLS")) ordered_case(paste0("two_factors_", tolower(estimator)), S, two_factors, of(two_factors), estimator = estimator)
ordered_case("two_factors_theta", S, two_factors, of(two_factors), parameterization = "theta")
ordered_case("two_factors_std_lv", S, two_factors, of(two_factors), std_lv = TRUE)
ordered_case("two_factors_pairwise", S, two_factors, of(two_factors), missing = "pairwise")
ordered_case("saturated", S, "f =~ s1 + s2 + s3", c("s1", "s2", "s3"))
ordered_case("three_steps", S, three, of(three))
ordered_case("two_steps", S, binary, of(binary))
ordered_case("residual_covariance", S, paste0(two_factors, "\ns1 ~~ s2"), of(two_factors))
ordered_case("mixed", S, mixed, of(mixed))
ordered_case("mixed_theta", S, mixed, of(mixed), parameterization = "theta", std_lv = TRUE)
ordered_case("mixed_pairwise", S, mixed, of(mixed), missing = "pairwise", estimator = "WLSM")
ordered_case("structural", S, "f =~ s1 + s2 + s3\ng =~ v1 + v2 + v3\ng ~ f", of(two_factors)[-4])
ordered_case("second_order", S, "f =~ s1 + s2 + s3\ng =~ v1 + v2 + v3\nh =~ d1 + d2 + d3\ntop =~ f + g + h", c("s1", "s2", "s3", "v1", "v2", "v3", "d1", "d2", "d3"))
ordered_case("likert_mixed", L, "f =~ two + three + five + seven + tenure + pay", c("two", "three", "five", "seven"))
ordered_case("text", S, "f =~ s1 + a*s2 + a*s3 + s4\ns1 | -2*t1 + t2\ns4 | t1", of(seven))

# ---- groups: the ladder of Wu and Estabrook (2016), three lands and two ages ---------------------------------------------
ORDERED_LEVELS <- list(configural = character(0), thresholds = "thresholds", metric = c("thresholds", "loadings"), scalar = c("thresholds", "loadings", "intercepts"))
for (group in c("land", "age")) {
  for (level in names(ORDERED_LEVELS)) ordered_case(paste(group, level, sep = "_"), S, two_factors, of(two_factors), group = group, std_lv = TRUE, equal = ORDERED_LEVELS[[level]])
  differences(paste0("difference_", group), paste(group, names(ORDERED_LEVELS), sep = "_"))
}
# lavaan takes the mean-adjusted form of fits that are; of WLSMV's it takes Satterthwaite's.
for (level in c("thresholds", "metric", "scalar")) ordered_case(paste0("land_wlsm_", level), S, two_factors, of(two_factors), group = "land", std_lv = TRUE, equal = ORDERED_LEVELS[[level]], estimator = "WLSM")
differences("difference_land_mean_adjusted", paste0("land_wlsm_", c("thresholds", "metric", "scalar")), method = "satorra.2000", A.method = "delta", scaled.shifted = FALSE)
for (level in c("thresholds", "metric", "scalar")) ordered_case(paste0("land_theta_", level), S, two_factors, of(two_factors), group = "land", std_lv = TRUE, parameterization = "theta", equal = ORDERED_LEVELS[[level]])
ordered_case("land_theta_strict", S, two_factors, of(two_factors), group = "land", std_lv = TRUE, parameterization = "theta", equal = c(ORDERED_LEVELS$scalar, "residuals"))
differences("difference_land_theta", paste0("land_theta_", c("thresholds", "metric", "scalar", "strict")))
ordered_case("land_loadings_first", S, two_factors, of(two_factors), group = "land", std_lv = TRUE, equal = "loadings")
ordered_case("land_pairwise", S, two_factors, of(two_factors), group = "land", std_lv = TRUE, equal = ORDERED_LEVELS$scalar, missing = "pairwise")
ordered_case("land_partial_thresholds", S, two_factors, of(two_factors), group = "land", std_lv = TRUE, equal = "thresholds", free = c("s3|t2", "v1|t1"))
ordered_case("land_partial", S, two_factors, of(two_factors), group = "land", std_lv = TRUE, equal = ORDERED_LEVELS$scalar, free = c("s3|t2", "g=~v2", "s3~1"))
ordered_case("land_three_steps", S, three, of(three), group = "land", std_lv = TRUE, equal = ORDERED_LEVELS$metric)
ordered_case("land_two_steps", S, "f =~ b1 + b2 + d1 + d2\ng =~ b3 + b4 + v1 + v2", c("b1", "b2", "d1", "d2", "b3", "b4", "v1", "v2"), group = "land", std_lv = TRUE, equal = ORDERED_LEVELS$scalar)
ordered_case("age_two_steps_only", S, "f =~ b1 + b2 + b3 + b4", c("b1", "b2", "b3", "b4"), group = "age", std_lv = TRUE, equal = ORDERED_LEVELS$scalar)
ordered_case("land_mixed_configural", S, mixed, of(mixed), group = "land", std_lv = TRUE)
ordered_case("land_mixed_scalar", S, mixed, of(mixed), group = "land", std_lv = TRUE, equal = ORDERED_LEVELS$scalar)
differences("difference_land_mixed", c("land_mixed_configural", "land_mixed_scalar"))
ordered_case("land_one_group_free", S, two_factors, of(two_factors), group = "land", std_lv = TRUE, equal = ORDERED_LEVELS$scalar, free = c("s3~1@two", "g=~v2@three", "s1|t4@two"))

# ---- standardised estimates, whose errors also rest on the scales of the other groups ------------------------------------
standardised <- function(name) {
  s <- standardizedSolution(FITS[[name]]); s <- s[s$op %in% c("=~", "~~", "~1", "|"), ]
  s$group <- labels_of(FITS[[name]])[s$group]; names(s)[names(s) == "est.std"] <- "est"
  s <- as.data.frame(lapply(s[c("lhs", "op", "rhs", "group", "est", "se", "ci.lower", "ci.upper")], function(x) if (is.numeric(x)) as.numeric(x) else as.character(x)))
  file_of(paste0("standardised_", name), list(kind = json("standardised"), case = json(name), standardised = table_of(s)))
}
for (name in c("land_thresholds", "land_scalar", "land_theta_scalar", "land_partial", "land_mixed_scalar")) standardised(name)

# ---- robust score tests: the algebra of Boos (1992) on lavaan's derivatives, weights and covariances ---------------------
# A relation's cell in each group is a parameter of its own there, tied by constraints: K are the directions that these
# leave. Intercepts that are 0 are written as parameters that equal 0, from the second group on.
score_tests <- function(name, data, model, ordered, group, equal) {
  labels <- sort(unique(DATA[[data]][[group]])); groups <- length(labels)
  text <- written_of(model, groups, ordered, equal)
  if ("intercepts" %in% equal) for (i in ordered) {
    own <- paste0("n", i, "_", 2:groups)
    text <- sub(paste0(i, " ~ c(", paste(rep(0, groups), collapse = ","), ") * 1"), paste0(i, " ~ c(0,", paste(rep("NA", groups - 1), collapse = ","), ")*1 + c(n", i, "_1,", paste(own, collapse = ","), ")*1"), text, fixed = TRUE)
    text <- paste0(text, "\n", paste0(own, " == 0", collapse = "\n"))
  }
  fit <- fitted_ordered(list(data = data, ordered = ordered, estimator = "WLSMV", missing = "listwise", std_lv = TRUE, group = group), text)
  J <- lavInspect(fit, "delta"); V <- lavInspect(fit, "wls.v"); G <- lavInspect(fit, "gamma"); n <- lavInspect(fit, "nobs"); N <- sum(n); K <- directions(fit)
  d <- Map(`-`, fit@SampleStats@WLS.obs, lavaan:::lav_model_wls_est(fit@Model))
  a <- (n - 1) / N; f <- n / N
  s <- Reduce(`+`, Map(function(j, v, x, w) w * crossprod(j, v %*% x), J, V, d, a))[, 1]
  I <- Reduce(`+`, Map(function(j, v, w) w * crossprod(j, v %*% j), J, V, a))
  M <- Reduce(`+`, Map(function(j, v, g, w) w * crossprod(v %*% j, g %*% v %*% j), J, V, G, f))
  inverse <- solve(crossprod(K, I %*% K))
  table <- parTable(fit); table <- table[table$free > 0 & table$op %in% c("=~", "|", "~1") & !(table$lhs %in% c("f", "g") & table$op == "~1"), ]
  rows <- lapply(seq_len(nrow(table)), function(r) {
    k <- table$free[r]
    e <- replace(numeric(length(s)), k, 1) - K %*% (inverse %*% crossprod(K, I[, k]))
    v <- I[k, k] - I[k, ] %*% K %*% inverse %*% crossprod(K, I[, k])
    data.frame(lhs = table$lhs[r], op = table$op[r], rhs = table$rhs[r], group = labels[table$group[r]], x2 = N * s[k]^2 / as.numeric(crossprod(e, M %*% e)), epc = s[k] / as.numeric(v))
  })
  call <- list(data = data, model = model, ordered = I(ordered), group = group, equal = equal, estimator = "WLSMV", missing = "listwise", std_lv = TRUE)
  file_of(name, list(kind = json("score"), call = call_json(call), tests = table_of(do.call(rbind, rows))))
}
score_tests("score_land_thresholds", S, two_factors, of(two_factors), "land", ORDERED_LEVELS$thresholds)
score_tests("score_land_scalar", S, two_factors, of(two_factors), "land", ORDERED_LEVELS$scalar)

# ---- modification indices of plain weighted least squares ------------------------------------------------------------------
indices <- modindices(FITS$two_factors_dwls)
file_of("modification_two_factors", list(kind = json("modification"), fit = json("two_factors_dwls"), indices = table_of(as.data.frame(lapply(unclass(indices)[c("lhs", "op", "rhs", "mi", "epc", "sepc.all")], as.vector)))))

# ---- standardised residuals of correlations, one group -------------------------------------------------------------------
left <- lavResiduals(FITS$two_factors_wlsmv, se = TRUE); below <- lower.tri(left$cov)
names <- rownames(left$cov); table <- data.frame(lhs = names[col(left$cov)[below]], op = "~~", rhs = names[row(left$cov)[below]], residual = left$cov[below], se = left$cov.se[below], z = left$cov.z[below])
file_of("residuals_two_factors", list(kind = json("residuals"), fit = json("two_factors_wlsmv"), residuals = table_of(table)))
