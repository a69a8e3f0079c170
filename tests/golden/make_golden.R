# What lavaan and semTools return for stated calls, one JSON file a case; tests/test_golden.py replays each call.
#   Rscript make_golden.R [FOLDER]      (Debian 12: r-cran-lavaan r-cran-semtools r-cran-jsonlite)
# A call is written in this package's words and translated here, so that call and figures cannot drift apart.
# lavaan stops at about 1e-6 of its gradient; two Newton steps with its own gradient and Hessian take each solution to
# rounding, and lavaan computes every figure there: the tolerances of the tests rest on that.
# The simulated answers are written by this script; holzinger.csv holds lavaan's HolzingerSwineford1939.
suppressMessages({library(lavaan); library(semTools); library(jsonlite)})
stopifnot(packageVersion("lavaan") == "0.6.14", packageVersion("semTools") == "0.5.6")
folder <- commandArgs(TRUE)
folder <- if (length(folder)) folder[1] else "."

MEASURES <- c("npar", "chisq", "df", "pvalue", "baseline.chisq", "baseline.df", "cfi", "tli", "rmsea",
              "rmsea.ci.lower", "rmsea.ci.upper", "rmsea.pvalue", "srmr", "logl", "aic", "bic", "ntotal")
COLUMNS <- c("lhs", "op", "rhs", "group", "est", "se", "z", "pvalue", "ci.lower", "ci.upper", "std.all")
FLAT <- 1e-11     # largest gradient entry (of lavaan's F, chi-square / 2n) with which a figure is stored

# ---- answers -------------------------------------------------------------------------------------------------------
RNGkind("Mersenne-Twister", "Inversion", "Rejection")

# Answers of n people to items with one loading each: factors ~ N(mean, correlation), unit residual scale.
answers <- function(n, loadings, factor_of, correlation, mean, sd, intercepts, residual_sd) {
  root <- chol(correlation)
  eta <- sweep(sweep(matrix(rnorm(n * ncol(root)), n) %*% root, 2, sd, "*"), 2, mean, "+")
  noise <- sweep(matrix(rnorm(n * length(loadings)), n), 2, residual_sd, "*")
  sweep(sweep(eta[, factor_of], 2, loadings, "*") + noise, 2, intercepts, "+")
}

# Four correlated pillars of four items, two generations of 400; planted for the young: adv2's and ent4's
# intercepts, imp3's loading; and a latent mean difference in two pillars.
four_pillars <- function() {
  set.seed(20240518)
  items <- paste0(rep(c("pro", "adv", "ent", "imp"), each = 4), 1:4)
  of <- rep(1:4, each = 4); r <- matrix(.55, 4, 4); diag(r) <- 1
  lambda <- rep(c(.85, .75, .8, .65), 4); nu <- rep(c(5.1, 4.8, 5.3, 4.6), 4); theta <- rep(c(.6, .7, .65, .8), 4)
  old <- answers(400, lambda, of, r, rep(0, 4), rep(1, 4), nu, theta)
  lambda[15] <- .5; nu[6] <- nu[6] - .5; nu[12] <- nu[12] + .4
  young <- answers(400, lambda, of, r, c(-.3, 0, .2, 0), c(1, 1.2, 1, .9), nu, theta)
  frame <- data.frame(round(rbind(old, young), 2)); names(frame) <- items
  cbind(generation = rep(c("old", "young"), each = 400), frame)
}

# Two factors of four items in four regions of unequal size, and an observed covariate that moves the first factor.
four_regions <- function() {
  set.seed(20240519)
  sizes <- c(east = 140, north = 220, south = 180, west = 160)
  of <- rep(1:2, each = 4); r <- matrix(c(1, .5, .5, 1), 2); parts <- list()
  for (region in names(sizes)) {
    lambda <- rep(c(.9, .8, .7, .75), 2); nu <- rep(c(4, 4.4, 3.8, 4.1), 2); theta <- rep(c(.6, .7, .8, .7), 2)
    if (region == "south") { nu[3] <- nu[3] + .6; lambda[7] <- .3 }
    if (region == "east") nu[6] <- nu[6] - .6
    mean <- list(east = c(0, 0), north = c(.3, 0), south = c(-.2, .4), west = c(0, -.3))[[region]]
    n <- sizes[[region]]; tenure <- round(rexp(n, 1 / 6), 1)
    y <- answers(n, lambda, of, r, mean, c(1, 1.1), nu, theta)
    y[, 1:4] <- y[, 1:4] + outer(.05 * tenure, lambda[1:4])
    frame <- data.frame(round(y, 2)); names(frame) <- paste0("i", 1:8)
    parts[[region]] <- cbind(region = region, tenure = tenure, frame)
  }
  do.call(rbind, parts)
}

# A file's text decides: what the tests read is what lavaan was given.
stored <- function(file, frame = NULL) {
  path <- file.path(folder, file)
  if (!is.null(frame)) write.csv(frame, path, row.names = FALSE, quote = FALSE)
  read.csv(path, stringsAsFactors = FALSE)
}
DATA <- list(holzinger.csv = stored("holzinger.csv"), four_pillars.csv = stored("four_pillars.csv", four_pillars()),
             four_regions.csv = stored("four_regions.csv", four_regions()))

# ---- calls and files -----------------------------------------------------------------------------------------------
# One call in the package's words. `written` is the same model in lavaan's own words where group.partial cannot say it.
call_of <- function(data, model, ...) c(list(data = data, model = model), list(...))
from_rows <- function(call) {
  args <- list(data = DATA[[call$data]], meanstructure = TRUE)
  if (!is.null(call$group)) {
    args$group <- call$group
    labels <- unique(args$data[[call$group]])
    if (!is.null(call$reference)) args$group.label <- c(call$reference, setdiff(labels, call$reference))
  }
  args
}
# Published tables, one a group: lavaan gets the numbers that are stored. It rescales covariances from n - 1 to n (its
# default), not correlations alone, whose unit variances stay so.
from_tables <- function(call) {
  tables <- call$data
  if (!is.null(call$reference)) tables <- tables[c(call$reference, setdiff(names(tables), call$reference))]
  if (is.null(call$group)) stopifnot(length(tables) == 1)
  bare <- function(x) if (length(x) == 1) x[[1]] else x
  first <- tables[[1]]; args <- list(sample.nobs = bare(unname(lapply(tables, `[[`, "n"))))
  args$sample.cov <- bare(lapply(tables, square))
  if (!is.null(first$means)) args$sample.mean <- bare(lapply(tables, function(t) setNames(as.numeric(t$means), t$items)))
  if (is.null(first$covariance) && is.null(first$sds)) args$sample.cov.rescale <- FALSE
  args$meanstructure <- !is.null(first$means)
  args
}
square <- function(table) {
  p <- length(table$items); s <- diag(p); dimnames(s) <- list(table$items, table$items)
  rows <- if (is.null(table$covariance)) table$correlation else table$covariance
  for (i in seq_len(p)) for (j in seq_along(rows[[i]])) s[i, j] <- s[j, i] <- rows[[i]][j]
  if (is.null(table$sds)) s else s * outer(as.numeric(table$sds), as.numeric(table$sds))
}
fitted_by <- function(call, written = NULL) {
  args <- if (is.list(call$data)) from_tables(call) else from_rows(call)
  args$model <- call$model; args$fixed.x <- TRUE
  args$std.lv <- isTRUE(call$std_lv); args$orthogonal <- isTRUE(call$orthogonal)
  if (!is.null(call$group)) {
    if (length(call$equal)) args$group.equal <- call$equal
    if (length(call$free)) args$group.partial <- call$free
  }
  if (!is.null(written)) { args$model <- written; args$group.equal <- ""; args$group.partial <- "" }
  fit <- polished(do.call("sem", args), args)
  cat(sprintf("  chisq %.4f on %d df, gradient %.0e\n", fitMeasures(fit, "chisq"), as.integer(fitMeasures(fit, "df")), steepest(fit)))
  stopifnot(lavInspect(fit, "converged"), steepest(fit) < FLAT)
  fit
}
# The directions that the equalities leave, as columns; a solution's gradient along them.
directions <- function(fit) if (fit@Model@eq.constraints) fit@Model@eq.constraints.K else diag(length(lavInspect(fit, "gradient")))
steepest <- function(fit) max(abs(crossprod(directions(fit), as.numeric(lavInspect(fit, "gradient")))))
polished <- function(fit, args) {
  stopifnot(lavInspect(fit, "converged"))
  for (step in 1:2) {
    K <- directions(fit); hessian <- crossprod(K, lavInspect(fit, "hessian") %*% K)
    change <- K %*% solve(hessian, crossprod(K, as.numeric(lavInspect(fit, "gradient"))))
    start <- parTable(fit); free <- start$free > 0
    start$est[free] <- start$est[free] - change[start$free[free]]
    fit <- do.call("sem", c(args, list(start = start, optim.method = "none", optim.force.converged = TRUE)))
  }
  fit
}
json <- function(x) as.character(toJSON(x, auto_unbox = TRUE, digits = I(10), na = "null", null = "null"))
one_line <- function(frame) paste0("    ", vapply(seq_len(nrow(frame)), function(i) json(unname(as.list(frame[i, ]))), ""), collapse = ",\n")
table_of <- function(frame) paste0("{\n   \"columns\": ", json(names(frame)), ",\n   \"rows\": [\n", one_line(frame), "\n   ]}")
by_key <- function(x) x[order(names(x))]
object_of <- function(x) paste0("{\n", paste0("   ", vapply(names(x), json, ""), ": ", vapply(x, json, ""), collapse = ",\n"), "}")
file_of <- function(name, parts) {
  parts <- by_key(c(parts, list(lavaan = json("0.6-14"), semTools = json("0.5-6"))))
  writeLines(paste0("{\n", paste0(" ", vapply(names(parts), json, ""), ": ", unlist(parts), collapse = ",\n"), "\n}"), file.path(folder, paste0(name, ".json")))
  cat(name, "\n")
}
call_json <- function(call) {
  for (key in intersect(c("equal", "free"), names(call))) call[[key]] <- I(call[[key]])
  object_of(by_key(call))
}
labels_of <- function(fit) if (lavInspect(fit, "ngroups") > 1) lavInspect(fit, "group.label") else ""
estimates_of <- function(fit) {
  pe <- parameterEstimates(fit, standardized = TRUE, remove.eq = TRUE, remove.ineq = TRUE)
  pe$group <- if (is.null(pe$group)) "" else labels_of(fit)[pe$group]
  for (column in setdiff(COLUMNS, names(pe))) pe[[column]] <- NA
  as.data.frame(lapply(pe[pe$op %in% c("=~", "~~", "~", "~1"), COLUMNS], function(x) if (is.numeric(x)) as.numeric(x) else as.character(x)))
}
case <- function(name, ..., written = NULL) {
  call <- call_of(...); fit <- fitted_by(call, written)
  file_of(name, list(call = call_json(call), converged = "true", estimates = table_of(estimates_of(fit)),
                     fit = object_of(as.list(unclass(fitMeasures(fit, MEASURES)))[MEASURES]),
                     groups = json(I(labels_of(fit))), nobs = json(I(lavInspect(fit, "nobs")))))
  invisible(fit)
}

LEVELS <- list(configural = character(0), metric = "loadings", scalar = c("loadings", "intercepts"),
               strict = c("loadings", "intercepts", "residuals"))
ladder <- function(name, ...) {
  fits <- list()
  for (level in names(LEVELS)) fits[[level]] <- case(paste0(name, "_", level), ..., equal = LEVELS[[level]])
  tests <- do.call(lavTestLRT, c(unname(fits), list(method = "default")))
  frame <- data.frame(level = names(fits), chisq_diff = as.numeric(tests[["Chisq diff"]]), df_diff = as.numeric(tests[["Df diff"]]), pvalue = as.numeric(tests[["Pr(>Chisq)"]]))
  file_of(paste0("lrt_", name), list(kind = json("difference"), levels = json(paste0(name, "_", names(fits))), tests = table_of(frame[-1, ])))
  invisible(fits)
}
# lavaan frees groups 2..G one at a time. With more than two groups, the first one's tests come from the same model in
# which every cell is tied to the second group's: releasing the first group from those ties frees it alone. (Turning the
# groups round would not do: with equal intercepts, what one free loading means depends on which factor mean is 0.)
tests_of <- function(fit) {
  tests <- lavTestScore(fit)$uni; table <- parTable(fit)
  cell <- table[ifelse(is.na(match(tests$rhs, table$plabel)), match(tests$rhs, table$label), match(tests$rhs, table$plabel)), ]
  data.frame(lhs = cell$lhs, op = cell$op, rhs = cell$rhs, group = labels_of(fit)[cell$group], x2 = as.numeric(tests$X2), df = as.numeric(tests$df), pvalue = as.numeric(tests$p.value))
}
tied_to_second <- function(model, equal, groups) {
  lines <- strsplit(model, "\n")[[1]]; text <- character(0); ties <- character(0)
  labels <- function(stem) paste0("c(", paste0(stem, seq_len(groups), collapse = ","), ")")
  tie <- function(stem) paste0(stem, 2, " == ", stem, setdiff(seq_len(groups), 2))
  at <- function(value) paste0("c(", paste(c(value, rep("NA", groups - 1)), collapse = ","), ")")
  for (line in lines) {
    parts <- strsplit(line, " =~ ")[[1]]; factor <- parts[1]; items <- strsplit(parts[2], " \\+ ")[[1]]
    text <- c(text, paste(factor, "=~", paste0(vapply(paste0("l", items, "_"), labels, ""), "*", items, collapse = " + ")),
              paste(factor, "~~", at(1), "*", factor), paste(factor, "~", at(0), "* 1"), paste(items, "~", vapply(paste0("n", items, "_"), labels, ""), "* 1"))
    ties <- c(ties, unlist(lapply(c(paste0("l", items, "_"), paste0("n", items, "_")), tie)))
    if ("residuals" %in% equal) {
      text <- c(text, paste(items, "~~", vapply(paste0("t", items, "_"), labels, ""), "*", items))
      ties <- c(ties, unlist(lapply(paste0("t", items, "_"), tie)))
    }
  }
  paste(c(text, ties), collapse = "\n")
}
score <- function(name, ...) {
  call <- call_of(...); fit <- fitted_by(call); groups <- labels_of(fit); tests <- tests_of(fit)
  if (length(groups) > 2) {
    again <- tests_of(fitted_by(call, tied_to_second(call$model, call$equal, length(groups))))
    both <- merge(tests, again, by = c("lhs", "op", "rhs", "group"))      # groups 3..G: tested in either
    stopifnot(nrow(both) > 0, abs(both$x2.x - both$x2.y) < 1e-8)
    tests <- rbind(again[again$group == groups[1], ], tests)
  }
  file_of(name, list(call = call_json(call), groups = json(I(groups)), kind = json("score"), tests = table_of(tests)))
}

# ---- the cases -----------------------------------------------------------------------------------------------------
H <- "holzinger.csv"; P <- "four_pillars.csv"; R <- "four_regions.csv"
three <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
with <- function(...) paste(c(three, ...), collapse = "\n")

base <- case("hs", H, three)
case("hs_std_lv", H, three, std_lv = TRUE)
case("hs_orthogonal", H, three, orthogonal = TRUE)
case("hs_one_factor", H, "g =~ x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9", std_lv = TRUE)
case("hs_saturated", H, "visual =~ x1 + x2 + x3")
case("hs_second_order", H, with("g =~ visual + textual + speed"))
case("hs_second_order_std_lv", H, with("g =~ visual + textual + speed"), std_lv = TRUE)
case("hs_bifactor", H, "g =~ x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9\nt =~ x4 + x5 + x6\ns =~ x7 + x8 + x9", std_lv = TRUE, orthogonal = TRUE)
case("hs_residual_covariance", H, with("x7 ~~ x8"))
case("hs_cross_loading", H, with("visual =~ x9"))
case("hs_structural", H, with("speed ~ visual + textual"))
case("hs_structural_std_lv", H, with("textual ~ visual", "speed ~ textual"), std_lv = TRUE)
case("hs_covariate", H, with("visual ~ ageyr", "speed ~ ageyr + grade"))
case("hs_outcome", H, "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nx9 ~ visual + textual")
case("hs_labels", H, "visual =~ x1 + a*x2 + a*x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9\nx1 ~~ t*x1\nx2 ~~ t*x2")
case("hs_fixed_values", H, "visual =~ 1*x1 + 0.6*x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9\nvisual ~~ 0*speed\nx9 ~~ 0.5*x9")
case("hs_other_marker", H, "visual =~ NA*x1 + 1*x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9")
case("hs_factor_mean", H, with("x1 ~ 0*1", "visual ~ 1", "x5 ~ 4*1"))
case("hs_mean_markers", H, with("x1 ~ 0*1", "x4 ~ 0*1", "x7 ~ 0*1", "visual ~ 1", "textual ~ 1", "speed ~ 1"))
case("hs_single_indicator", H, "visual =~ x1 + x2 + x3\nskill =~ x4\nx4 ~~ 0.3*x4\nspeed =~ x7 + x8 + x9\nspeed ~ visual + skill")

ladder("hs_school", H, three, group = "school")
ladder("hs_school_std_lv", H, three, group = "school", std_lv = TRUE)
scalar <- c("loadings", "intercepts")
case("hs_school_reference", H, three, group = "school", std_lv = TRUE, equal = scalar, reference = "Grant-White")
case("hs_school_partial", H, three, group = "school", std_lv = TRUE, equal = scalar, free = c("x3~1", "x7~1"))
case("hs_school_partial_marker", H, three, group = "school", equal = scalar, free = c("x3~1", "visual=~x2"))
case("hs_school_partial_strict", H, three, group = "school", std_lv = TRUE, equal = LEVELS$strict, free = c("x3~1", "x7~1", "x9~~x9"))
case("hs_school_lv_variances", H, three, group = "school", equal = c("loadings", "lv.variances"))
case("hs_school_lv_covariances", H, three, group = "school", equal = c("loadings", "lv.variances", "lv.covariances"))
case("hs_school_means", H, three, group = "school", equal = c(scalar, "means"))
case("hs_school_lv_variances_std_lv", H, three, group = "school", std_lv = TRUE, equal = c("loadings", "lv.variances"))
case("hs_school_means_std_lv", H, three, group = "school", std_lv = TRUE, equal = c(scalar, "means"))
case("hs_school_intercepts_only", H, three, group = "school", equal = "intercepts")
case("hs_school_residual_covariances", H, with("x7 ~~ x8"), group = "school", std_lv = TRUE, equal = c("loadings", "residual.covariances"))
case("hs_school_regressions", H, with("speed ~ visual + textual"), group = "school", equal = c("loadings", "regressions"))
case("hs_school_labels", H, "visual =~ x1 + a*x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9", group = "school")

four <- "prototypicality =~ pro1 + pro2 + pro3 + pro4\nadvancement =~ adv1 + adv2 + adv3 + adv4\nentrepreneurship =~ ent1 + ent2 + ent3 + ent4\nimpresarioship =~ imp1 + imp2 + imp3 + imp4"
ladder("pillars", P, four, group = "generation", std_lv = TRUE)
score("score_pillars_metric", P, four, group = "generation", std_lv = TRUE, equal = "loadings")
score("score_pillars_scalar", P, four, group = "generation", std_lv = TRUE, equal = scalar)

# two pillars without the planted items: every rung holds, so latent means may be compared
ladder("sound", P, "prototypicality =~ pro1 + pro2 + pro3 + pro4\nentrepreneurship =~ ent1 + ent2 + ent3", group = "generation", std_lv = TRUE)

two <- "f =~ i1 + i2 + i3 + i4\ng =~ i5 + i6 + i7 + i8"
ladder("regions", R, two, group = "region", std_lv = TRUE)
score("score_regions_scalar", R, two, group = "region", std_lv = TRUE, equal = scalar)
score("score_regions_strict", R, two, group = "region", std_lv = TRUE, equal = LEVELS$strict)
# one group's cells released: i3's intercept in the south, i7's loading in the south
tied <- "f =~ c(a1,a1,a1,a1)*i1 + c(a2,a2,a2,a2)*i2 + c(a3,a3,a3,a3)*i3 + c(a4,a4,a4,a4)*i4
g =~ c(b1,b1,b1,b1)*i5 + c(b2,b2,b2,b2)*i6 + c(b3,b3,b3s,b3)*i7 + c(b4,b4,b4,b4)*i8
i1 ~ c(n1,n1,n1,n1)*1\ni2 ~ c(n2,n2,n2,n2)*1\ni3 ~ c(n3,n3,n3s,n3)*1\ni4 ~ c(n4,n4,n4,n4)*1
i5 ~ c(n5,n5,n5,n5)*1\ni6 ~ c(n6,n6,n6,n6)*1\ni7 ~ c(n7,n7,n7,n7)*1\ni8 ~ c(n8,n8,n8,n8)*1
f ~~ c(1,NA,NA,NA)*f\ng ~~ c(1,NA,NA,NA)*g\nf ~ c(0,NA,NA,NA)*1\ng ~ c(0,NA,NA,NA)*1"
case("regions_one_group_free", R, two, group = "region", std_lv = TRUE, equal = scalar, free = c("i3~1@south", "g=~i7@south"), written = tied)
case("regions_covariate", R, paste0(two, "\nf ~ tenure\ng ~ f"), group = "region", equal = c("loadings", "intercepts", "regressions"))

# ---- figures that need more than a fit's frame ---------------------------------------------------------------------
by_factor <- function(fit) {
  found <- suppressWarnings(suppressMessages(reliability(fit))); found <- if (is.list(found)) found else list(found)
  do.call(rbind, Map(function(r, label) { r <- r[, colnames(r) != "total", drop = FALSE]
    data.frame(group = label, factor = colnames(r), alpha = as.numeric(r["alpha", ]), omega = as.numeric(r["omega", ]), ave = as.numeric(r["avevar", ])) }, found, labels_of(fit)))
}
reliability_case <- function(name, ...) {
  call <- call_of(...); fit <- fitted_by(call)
  file_of(name, list(call = call_json(call), groups = json(I(labels_of(fit))), kind = json("reliability"), tests = table_of(by_factor(fit))))
}
reliability_case("reliability_hs", H, three)
reliability_case("reliability_residual_covariance", H, with("x7 ~~ x8"))
reliability_case("reliability_pillars_metric", P, four, group = "generation", std_lv = TRUE, equal = "loadings")

correlations <- function(name, ...) {
  call <- call_of(...); fit <- fitted_by(call)
  s <- standardizedSolution(fit); lv <- lavNames(fit, "lv")
  s <- s[s$op == "~~" & s$lhs %in% lv & s$rhs %in% lv & s$lhs != s$rhs, ]
  frame <- data.frame(group = if (is.null(s$group)) "" else labels_of(fit)[s$group], factor_1 = s$lhs, factor_2 = s$rhs, est = as.numeric(s$est.std), se = as.numeric(s$se))
  file_of(name, list(call = call_json(call), groups = json(I(labels_of(fit))), kind = json("correlation"), tests = table_of(frame)))
}
correlations("correlation_hs", H, three)
correlations("correlation_pillars_metric", P, four, group = "generation", std_lv = TRUE, equal = "loadings")

# ---- published tables ----------------------------------------------------------------------------------------------
# What an article would print of Holzinger's answers: correlations, standard deviations and means at two decimals.
NINE <- paste0("x", 1:9)
printed <- function(rows) {
  r <- round(cor(rows[NINE]), 2)
  list(n = nrow(rows), items = I(NINE), correlation = I(lapply(1:9, function(i) I(unname(r[i, seq_len(i - 1)])))),
       sds = I(unname(round(sapply(rows[NINE], sd), 2))), means = I(unname(round(colMeans(rows[NINE]), 2))))
}
covariances <- function(rows, items) {
  s <- round(cov(rows[items]), 4)
  list(n = nrow(rows), items = I(items), covariance = I(lapply(seq_along(items), function(i) I(unname(s[i, seq_len(i)])))))
}
holzinger <- DATA$holzinger.csv
whole <- list(all = printed(holzinger))
schools <- lapply(split(holzinger, factor(holzinger$school, unique(holzinger$school))), printed)
without <- function(tables, ...) lapply(tables, function(table) table[setdiff(names(table), c(...))])
case("moments", whole, three)
case("moments_correlations", without(whole, "sds", "means"), three, std_lv = TRUE)
case("moments_covariances", list(all = covariances(holzinger, NINE)), three, std_lv = TRUE)
case("moments_covariate", list(all = covariances(holzinger, c(NINE, "ageyr"))), with("visual ~ ageyr", "speed ~ ageyr"))
ladder("moments_school", schools, three, group = "school", std_lv = TRUE)
case("moments_school_reference", schools, three, group = "school", std_lv = TRUE, equal = scalar, reference = "Grant-White")
case("moments_school_marker", schools, three, group = "school", equal = scalar, free = "x3~1")
case("moments_school_no_means_configural", without(schools, "means"), three, group = "school", std_lv = TRUE)
case("moments_school_no_means_metric", without(schools, "means"), three, group = "school", std_lv = TRUE, equal = "loadings")
score("score_moments_school_scalar", schools, three, group = "school", std_lv = TRUE, equal = scalar)
