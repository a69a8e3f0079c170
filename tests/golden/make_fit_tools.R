# What lavaan tells of a fit besides its estimates: standardised estimates with standard errors, defined quantities,
# modification indices, factor scores, standardised residuals, explained variance.
#   Rscript make_fit_tools.R [FOLDER]      writes a JSON file a case into fit_tools/
# tests/test_fit_tools.py replays each call. See make_golden.R for how calls and figures are kept; offices.csv comes from
# make_robust.R.
source("oracle.R")
into <- file.path(folder, "fit_tools")
dir.create(into, showWarnings = FALSE)
DATA <- list(holzinger.csv = stored("holzinger.csv"), offices.csv = stored("offices.csv"))
H <- "holzinger.csv"; O <- "offices.csv"
three <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
two <- "f =~ i1 + i2 + i3 + i4\ng =~ i5 + i6 + i7 + i8"
scalar <- c("loadings", "intercepts")
PEOPLE <- c(1:5, 50, 100, 150, 200, 250, 300)                              # rows whose scores are kept

plain <- function(frame) as.data.frame(lapply(frame, function(x) if (is.numeric(x)) as.numeric(x) else as.character(x)))
with_group <- function(fit, frame) { frame$group <- if (is.null(frame$group)) "" else c("", labels_of(fit))[frame$group + 1]; frame }
standardised <- function(fit) {
  s <- with_group(fit, standardizedSolution(fit)); names(s)[names(s) == "est.std"] <- "est"
  s <- s[s$op %in% c("=~", "~~", "~", "~1"), ]
  plain(s[c("lhs", "op", "rhs", "group", "est", "se", "ci.lower", "ci.upper")])
}
defined <- function(fit) {
  d <- parameterEstimates(fit); plain(d[d$op == ":=", c("lhs", "op", "est", "se", "ci.lower", "ci.upper")])
}
indices <- function(fit) {
  m <- with_group(fit, modindices(fit)); m <- m[m$op %in% c("=~", "~~") & m$mi > 1e-6, ]
  plain(m[c("lhs", "op", "rhs", "group", "mi", "epc", "sepc.all")])
}
scores <- function(fit, method) {
  x <- lavPredict(fit, method = method); x <- if (is.list(x)) do.call(rbind, x) else x
  place <- unlist(lavInspect(fit, "case.idx"))
  kept <- place %in% PEOPLE; cbind(data.frame(row = place[kept] - 1), plain(as.data.frame(unclass(x))[kept, , drop = FALSE]))
}
# Within groups lavaan 0.6-14 leaves out what the other groups do to tied cells, so residuals are kept for one group.
residual <- function(fit) {
  z <- residuals(fit, type = "standardized")$cov; p <- rownames(z); at <- which(lower.tri(z), arr.ind = TRUE)
  data.frame(lhs = p[at[, 2]], rhs = p[at[, 1]], z = as.numeric(z[at]))
}
explained <- function(fit) {
  r <- lavInspect(fit, "rsquare"); r <- if (is.list(r)) r else list(r)
  do.call(rbind, Map(function(x, label) data.frame(group = label, variable = names(x), r2 = as.numeric(x)), r, labels_of(fit)))
}
tools <- function(name, asked, ...) {
  call <- call_of(...); fit <- fitted_by(call); found <- list()
  for (what in asked) found[[what]] <- table_of(switch(what, standardised = standardised(fit), defined = defined(fit),
    modification = indices(fit), regression = scores(fit, "regression"), bartlett = scores(fit, "Bartlett"),
    residuals = residual(fit), r2 = explained(fit)))
  file_of(name, c(list(call = call_json(call), groups = json(I(labels_of(fit)))), found))
}
all_of_them <- c("standardised", "modification", "regression", "bartlett", "residuals", "r2")

tools("one_group", all_of_them, H, three)
tools("std_lv", all_of_them, H, three, std_lv = TRUE)
tools("orthogonal", c("standardised", "modification", "r2"), H, three, orthogonal = TRUE)
tools("scalar", c("standardised", "modification", "regression", "bartlett", "r2"), H, three, group = "school", equal = scalar)
tools("metric_std_lv", c("standardised", "modification"), H, three, group = "school", equal = "loadings", std_lv = TRUE)
tools("second_order", c("standardised", "modification", "regression", "r2"), H, paste0(three, "\nhigher =~ visual + textual + speed"))
tools("cross_loading", c("standardised", "modification", "regression", "bartlett", "r2"), H, paste0(three, "\nvisual =~ x9\nx7 ~~ x8\nx4 ~~ x1"))
tools("mlm", c("standardised", "residuals"), H, three, estimator = "MLM")
tools("mlr", c("standardised", "regression"), H, three, estimator = "MLR")
tools("fiml", c("standardised", "modification", "regression", "bartlett", "r2"), O, two, missing = "fiml")
tools("fiml_groups", c("standardised", "modification", "regression", "bartlett"), O, two, missing = "fiml", group = "site", std_lv = TRUE, equal = scalar)
tools("fiml_mlr_cluster", c("standardised"), O, two, estimator = "MLR", missing = "fiml", cluster = "team", weights = "weight")
tools("predictor", c("standardised", "regression", "r2"), H, paste0(three, "\nvisual ~ ageyr\nspeed ~ ageyr + visual"))
tools("mediation", c("standardised", "defined"), H, paste0(three, "\ntextual ~ a*visual\nspeed ~ b*textual + c*visual\nindirect := a*b\ntotal := c + a*b\nodd := sqrt(exp(-a^2)) / (1 + log(c + a*b)) - 2*-b"))
tools("defined_groups", "defined", H, "visual =~ x1 + c(a1, a2)*x2 + x3\nvisual ~~ c(v1, v2)*visual\ngap := a1 - a2\nratio := v1 / v2\nboth := gap * ratio", group = "school", estimator = "MLR")
