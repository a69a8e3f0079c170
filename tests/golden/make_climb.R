# Ladders of three and of six groups, some constraints set aside in one group: what lavaan returns for stated calls.
#   Rscript make_climb.R [FOLDER]      writes three_lands.csv and six_branches.csv there and a JSON file a case into climb/
# tests/test_climb_golden.py replays each call. See make_golden.R for how calls and figures are kept.
source("oracle.R")
into <- file.path(folder, "climb")
dir.create(into, showWarnings = FALSE)
RNGkind("Mersenne-Twister", "Inversion", "Rejection")

# Answers to two factors of four items. Noise is skewed; i4 is likelier to lack where i1 is high, i5 lacks by chance.
people <- function(n, mean, lambda, nu, sd) {
  f <- matrix(rnorm(2 * n), n) %*% chol(matrix(c(1, .5, .5, 1), 2)) + rep(mean, each = n)
  noise <- matrix((rchisq(8 * n, 5) - 5) / sqrt(10), n) * rep(sd, each = n)
  y <- round(f[, rep(1:2, each = 4)] * rep(lambda, each = n) + noise + rep(nu, each = n), 2)
  colnames(y) <- paste0("i", 1:8)
  y[runif(n) < .25 & y[, 1] > quantile(y[, 1], .6), 4] <- NA; y[runif(n) < .04, 5] <- NA
  y
}
drawn <- function(column, sizes, means, plant) {
  parts <- lapply(names(sizes), function(g) {
    at <- plant(g, list(lambda = rep(c(.9, .8, .7, .75), 2), nu = rep(c(4, 4.4, 3.8, 4.1), 2), sd = rep(c(.6, .7, .8, .7), 2)))
    data.frame(g, people(sizes[[g]], means[[g]], at$lambda, at$nu, at$sd))
  })
  frame <- do.call(rbind, parts); names(frame)[1] <- column
  frame
}
# Three lands: i2's intercept in France, i7's loading in the Netherlands; i6's intercept is another one in each.
three_lands <- function() {
  set.seed(20240601)
  drawn("land", c(de = 260, fr = 300, nl = 280), list(de = c(0, 0), fr = c(.3, -.2), nl = c(-.2, .3)), function(g, at) {
    if (g == "fr") { at$nu[2] <- at$nu[2] + .6; at$nu[6] <- at$nu[6] + .6 }
    if (g == "nl") { at$lambda[7] <- .2; at$nu[6] <- at$nu[6] - .6 }
    at
  })
}
# Six branches: i3's intercept in finance and in trade, i6's loading in care, i8's residual spread in industry.
six_branches <- function() {
  set.seed(20240603)                                                        # a draw in which nothing else is contradicted
  sizes <- c(care = 240, education = 200, finance = 220, government = 210, industry = 190, trade = 230)
  means <- list(care = c(0, 0), education = c(.3, 0), finance = c(-.2, .3), government = c(.1, -.3), industry = c(-.3, 0), trade = c(0, .2))
  drawn("branch", sizes, means, function(g, at) {
    if (g %in% c("finance", "trade")) at$nu[3] <- at$nu[3] - .8
    if (g == "care") at$lambda[6] <- .2
    if (g == "industry") at$sd[8] <- 1.1
    at
  })
}
DATA <- list(three_lands.csv = stored("three_lands.csv", three_lands()), six_branches.csv = stored("six_branches.csv", six_branches()))

# ---- the model written out -------------------------------------------------------------------------------------------
# Every relation of every group with its label: "x@g" in `free` gives x a label of its own in g, "x" one in each group.
two <- "f =~ i1 + i2 + i3 + i4\ng =~ i5 + i6 + i7 + i8"
FACTOR <- rep(c("f", "g"), each = 4); ITEMS <- paste0("i", 1:8)
labelled <- function(stem, parameter, tied, free, groups) {
  own <- !tied | parameter %in% free | paste0(parameter, "@", groups) %in% free
  paste0("c(", paste0(stem, ifelse(own, paste0("_", seq_along(groups)), ""), collapse = ","), ")")
}
written_out <- function(call) {
  groups <- unique(DATA[[call$data]][[call$group]]); free <- call$free
  rest <- function(first, other) paste0("c(", paste(c(first, rep(other, length(groups) - 1)), collapse = ","), ")")
  row <- function(kind, family, lhs, op, rhs, parameter) {
    modifier <- labelled(paste0(kind, if (rhs == "1") lhs else rhs), parameter, family %in% call$equal, free, groups)
    paste(lhs, op, paste0(modifier, "*", rhs))
  }
  lines <- unlist(lapply(seq_along(ITEMS), function(k) { i <- ITEMS[k]; f <- FACTOR[k]
    c(row("l", "loadings", f, "=~", i, paste0(f, "=~", i)), row("n", "intercepts", i, "~", "1", paste0(i, "~1")), row("t", "residuals", i, "~~", i, paste0(i, "~~", i))) }))
  factors <- unlist(lapply(c("f", "g"), function(f) c(paste(f, "~~", paste0(rest(1, if ("loadings" %in% call$equal) "NA" else 1), "*", f)),
                                                      paste(f, "~", paste0(rest(0, if ("intercepts" %in% call$equal) "NA" else 0), "*1")))))
  paste(c(lines, factors), collapse = "\n")
}

# ---- score tests -----------------------------------------------------------------------------------------------------
# lavTestScore frees groups 2..G from the first; here one group's cell, the first's too, is freed from the rest, by hand
# from lavaan's gradient, information and casewise scores. With s_c a cell's score, s_t and I_tt the parameters' (the
# directions that the ties leave), v = I_cc - I_ct I_tt^-1 I_tc: X2 = n s_c^2 / v, expected change s_c / v. Robust: the
# variance over people of s_c - I_ct I_tt^-1 s_t about its mean in place of v, and the change from expected information.
lagrange <- function(fit, call) {
  robust <- identical(call$estimator, "MLR"); n <- sum(lavInspect(fit, "nobs"))
  table <- as.data.frame(parTable(fit)); table <- table[table$free > 0, ]; table <- table[order(table$free), ]
  tied <- which(table$label %in% names(which(table(table$label[table$label != ""]) > 1)))
  K <- directions(fit); s <- -as.numeric(lavInspect(fit, "gradient"))
  observed <- lavInspect(fit, "information.observed"); expected <- lavInspect(fit, "information.expected")
  of <- function(I) { cross <- I[tied, ] %*% K; slope <- cross %*% solve(crossprod(K, I %*% K))
    list(v = diag(I)[tied] - rowSums(slope * cross), slope = slope) }
  x <- of(if (robust) observed else expected); change <- if (robust) of(expected) else x
  epc <- s[tied] / change$v; moved <- -epc * (change$slope %*% t(K))        # moved: what else is expected to change
  x2 <- n * s[tied]^2 / x$v; agrees(fit, call, table, tied, x2, robust, epc, moved); pvalue <- pchisq(x2, 1, lower.tail = FALSE)
  if (robust) {
    U <- lavScores(fit, ignore.constraints = TRUE, remove.duplicated = FALSE); U <- U[rowSums(is.na(U)) == 0, ]
    stopifnot(nrow(U) == n, abs(colMeans(U) - s) < 1e-8)
    e <- U[, tied] - U %*% K %*% t(change$slope)
    V <- colMeans(e^2) - n / (n - 1) * colMeans(e)^2                          # their covariance has divisor n, as in MLR
    x2 <- n * colMeans(e)^2 / V; pvalue <- pf(x2, 1, n - 1, lower.tail = FALSE)
  }
  groups <- labels_of(fit); cell <- table[tied, ]
  implied <- lavInspect(fit, "cov.ov"); latent <- lavInspect(fit, "cov.lv")
  sd <- function(matrices, group, name) sqrt(mapply(function(g, k) matrices[[g]][k, k], group, name))
  gap <- sapply(c("f", "g"), function(f) { at <- which(table$lhs == f & table$op == "~1")
    if (length(at) == 0) return(rep(0, length(tied)))
    m <- cbind(0, moved[, at]); (apply(m, 1, max) - apply(m, 1, min)) / sqrt(latent[[1]][f, f]) })
  item <- ifelse(cell$op == "=~", cell$rhs, cell$lhs); sy <- sd(implied, cell$group, item)
  scale <- ifelse(cell$op == "=~", sd(latent, cell$group, ifelse(cell$op == "=~", cell$lhs, "f")) / sy, ifelse(cell$op == "~~", 1 / sy^2, 1 / sy))
  # two cells that are tied to each other differ alike: the second one's test is kept
  count <- table(cell$label)[cell$label]; kept <- !(count == 2 & !duplicated(cell$label))
  data.frame(lhs = cell$lhs, op = cell$op, rhs = cell$rhs, group = groups[cell$group], x2, pvalue, epc, epc_std = epc * scale, d_gap = apply(gap, 1, max))[kept, ]
}
# The same algebra must give lavTestScore's statistics where it has one (groups that it frees from the first), and, for the
# five largest, its expected changes: of the cell beside those that it leaves, and of every latent mean.
agrees <- function(fit, call, table, tied, x2, observed, epc, moved) {
  asked <- function(information, ...) suppressWarnings(lavTestScore(fit, information = information, ...))
  uni <- asked(if (observed) "observed" else "expected")$uni; all <- parTable(fit)
  freed <- match(all$free[match(uni$rhs, all$plabel)], table$free[tied])
  stopifnot(!anyNA(freed), length(freed) > 0, abs(x2[freed] - uni$X2) < 1e-6 * (1 + abs(uni$X2)))
  means <- which(table$lhs %in% c("f", "g") & table$op == "~1")
  for (k in order(-uni$X2)[1:5]) {
    change <- asked("expected", release = k, epc = TRUE)$epc
    change <- change$epc[match(table$free, change$free)]
    left <- setdiff(which(table$label == table$label[tied[freed[k]]]), tied[freed[k]])
    stopifnot(abs(change[tied[freed[k]]] - change[left] - epc[freed[k]]) < 1e-6, abs(change[means] - moved[freed[k], means]) < 1e-6)
  }
}

# ---- the cases -------------------------------------------------------------------------------------------------------
STYLES <- list(ml = list(estimator = "ML"), mlr = list(estimator = "MLR"), fiml = list(estimator = "MLR", missing = "fiml"))
# What the climb sets aside, rung by rung. A loading's intercept follows it.
ASIDE <- list(
  three = list(metric = "g=~i7@nl", scalar = c("g=~i7@nl", "i7~1@nl", "i2~1@fr", "i6~1")),
  six = list(metric = "g=~i6@care", scalar = c("g=~i6@care", "i6~1@care", "i3~1@finance", "i3~1@trade"))
)
ASIDE$three$strict <- ASIDE$three$scalar; ASIDE$six$strict <- c(ASIDE$six$scalar, "i8~~i8@industry")
FROM <- list(three = list("three_lands.csv", two, group = "land", std_lv = TRUE), six = list("six_branches.csv", two, group = "branch", std_lv = TRUE))

fit_case <- function(name, call) do.call(case, c(list(name), call, list(written = written_out(c(call, list(data = call[[1]]))))))
score_case <- function(name, call) {
  call <- do.call(call_of, call); fit <- fitted_by(call, written_out(call))
  file_of(name, list(call = call_json(call), groups = json(I(labels_of(fit))), kind = json("score"), tests = table_of(lagrange(fit, call))))
}
steps <- function(name, levels, fits) {
  test <- do.call(lavTestLRT, c(unname(fits), list(method = "default")))
  frame <- data.frame(level = names(fits), chisq_diff = as.numeric(test[["Chisq diff"]]), df_diff = as.numeric(test[["Df diff"]]), pvalue = as.numeric(test[["Pr(>Chisq)"]]))
  file_of(name, list(kind = json("difference"), levels = json(levels), tests = table_of(frame[-1, ])))
}
WHOLE <- DATA; COMPLETE <- lapply(DATA, function(rows) rows[complete.cases(rows), ])   # lavScores does not leave rows out
for (groups in names(FROM)) for (style in names(STYLES)) {
  DATA <- if (style == "fiml") WHOLE else COMPLETE
  stem <- paste(groups, style, sep = "_"); all <- partial <- list()
  for (level in names(LEVELS)) {
    call <- c(FROM[[groups]], STYLES[[style]], list(equal = LEVELS[[level]]))
    all[[level]] <- fit_case(paste0(stem, "_", level), call)
    partial[[level]] <- if (level == "configural") all[[level]] else fit_case(paste0(stem, "_", level, "_partial"), c(call, list(free = ASIDE[[groups]][[level]])))
    if (level == "metric") score_case(paste0("score_", stem, "_metric"), call)
    if (level == "scalar") {
      score_case(paste0("score_", stem, "_scalar"), call)
      score_case(paste0("score_", stem, "_scalar_partial"), c(call, list(free = ASIDE[[groups]]$metric)))
    }
  }
  steps(paste0("lrt_", stem), paste0(stem, "_", names(all)), all)
  steps(paste0("lrt_", stem, "_partial"), paste0(stem, "_", names(all), c("", rep("_partial", 3))), partial)
}
# set aside in all groups alike
everywhere <- c("g=~i6", "i6~1", "i3~1")
DATA <- WHOLE
fit_case("six_fiml_scalar_everywhere", c(FROM$six, STYLES$fiml, list(equal = LEVELS$scalar, free = everywhere)))
fit_case("six_ml_scalar_everywhere", c(FROM$six, STYLES$ml, list(equal = LEVELS$scalar, free = everywhere)))
