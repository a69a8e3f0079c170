# Where employers stand against their sector and the whole, by R's survey package: means, spreads, shares that agree, and
# the difference of two means of which one includes the other, with its standard error by linearisation.
#   Rscript make_standing.R [FOLDER]      (Debian 12: r-cran-survey) writes people.csv and standing.csv into standing/
# tests/test_standing.py compares. The design of a question holds those who answered it and weigh something, since n counts
# them. The simulated answers are written by this script.
suppressMessages(library(survey))
stopifnot(packageVersion("survey") == "4.1.1")
folder <- commandArgs(TRUE)
into <- file.path(if (length(folder)) folder[1] else ".", "standing")
dir.create(into, showWarnings = FALSE)

# ---- answers: five employers in two sectors, holes, unequal weights, three people who weigh nothing -------------------
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
set.seed(20)
sizes <- c(a = 9, b = 24, c = 31, d = 14, e = 40)
employer <- rep(names(sizes), sizes)
n <- length(employer)
level <- c(a = 0.9, b = -0.4, c = 0, d = 0.3, e = -0.2)[employer] + rnorm(n)
people <- data.frame(employer, sector = ifelse(employer %in% c("a", "b"), "care", "trade"), w = round(exp(rnorm(n, 0, 0.5)), 4))
people$w[c(3, 40, 100)] <- 0
for (item in c("pro1", "pro2", "adv1", "adv2", "shared_identity")) {
  planted <- 1.5 * (item == "adv1" & employer == "c")
  people[[item]] <- pmin(pmax(round(4.6 + level + planted + rnorm(n)), 1), 7)
  people[[item]][runif(n) < 0.08] <- NA
}
people <- people[sample(n), ]
write.csv(people, file.path(into, "people.csv"), row.names = FALSE, quote = FALSE, na = "")
people <- read.csv(file.path(into, "people.csv"), stringsAsFactors = FALSE)        # what is stored is what is used

# ---- figures ---------------------------------------------------------------------------------------------------------
pillars <- list(prototypicality = c("pro1", "pro2"), advancement = c("adv1", "adv2"))
for (pillar in names(pillars)) people[[pillar]] <- rowMeans(people[pillars[[pillar]]], na.rm = TRUE)   # half is enough
questions <- c("pro1", "pro2", "adv1", "adv2", "shared_identity")

described <- function(data, agrees) {
  design <- svydesign(ids = ~1, weights = ~w, data = data)
  level <- svymean(~x, design)
  list(n = nrow(data), mean = coef(level)[[1]], se = SE(level)[[1]], sd = sqrt(coef(svyvar(~x, design))[[1]]),
       agree = if (agrees) coef(svymean(~agreed, design))[[1]] else NA)
}
row <- function(unit, reference, name) {
  around <- if (reference == "whole") people else people[people$sector == people$sector[people$employer == unit][1], ]
  data <- around[!is.na(around[[name]]) & around$w > 0, ]
  data$x <- data[[name]]; data$agreed <- as.numeric(data$x >= 6); data$one <- 1
  data$inside <- as.numeric(data$employer == unit); data$inside_x <- data$inside * data$x
  own <- described(data[data$inside == 1, ], name %in% questions)
  other <- described(data, name %in% questions)
  totals <- svytotal(~inside_x + inside + x + one, svydesign(ids = ~1, weights = ~w, data = data))
  gap <- svycontrast(totals, quote(inside_x / inside - x / one))
  d <- coef(gap)[[1]]; se <- SE(gap)[[1]]
  data.frame(unit, reference, name, own, reference_n = other$n, reference_mean = other$mean, reference_agree = other$agree,
             d, d_se = se, pvalue = 2 * pt(-abs(d / se), own$n - 1))
}
cells <- expand.grid(name = c(names(pillars), questions), reference = c("sector", "whole"), unit = names(sizes),
                     stringsAsFactors = FALSE)
found <- do.call(rbind, Map(row, cells$unit, cells$reference, cells$name))
numbers <- sapply(found, is.double)
found[numbers] <- lapply(found[numbers], function(x) ifelse(is.na(x), "", formatC(x, digits = 15, format = "g", width = 1)))
write.csv(found, file.path(into, "standing.csv"), row.names = FALSE, quote = FALSE)
