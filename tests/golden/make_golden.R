# What lavaan and semTools return for stated calls, one JSON file a case; tests/test_golden.py replays each call.
#   Rscript make_golden.R [FOLDER]      (Debian 12: r-cran-lavaan r-cran-semtools r-cran-jsonlite)
# A call is written in this package's words and translated by oracle.R, so that call and figures cannot drift apart.
# lavaan stops at about 1e-6 of its gradient; Newton steps (two, or more until it is flat) with its own gradient and Hessian
# take each solution to rounding, and lavaan computes every figure there: the tolerances of the tests rest on that.
# The simulated answers are written by this script; holzinger.csv holds lavaan's HolzingerSwineford1939.
source("oracle.R")

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

DATA <- list(holzinger.csv = stored("holzinger.csv"), four_pillars.csv = stored("four_pillars.csv", four_pillars()),
             four_regions.csv = stored("four_regions.csv", four_regions()))

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
    data.frame(group = label, factor = colnames(r), alpha = as.numeric(r["alpha", ]), omega = as.numeric(r["omega2", ]), ave = as.numeric(r["avevar", ])) }, found, labels_of(fit)))
}
reliability_case <- function(name, ...) {
  call <- call_of(...); fit <- fitted_by(call)
  file_of(name, list(call = call_json(call), groups = json(I(labels_of(fit))), kind = json("reliability"), tests = table_of(by_factor(fit))))
}
reliability_case("reliability_hs", H, three)
reliability_case("reliability_residual_covariance", H, with("x7 ~~ x8"))
reliability_case("reliability_cross_loading", H, with("visual =~ x9"))
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
