# Weights raked to three margins, by R's survey package.
#   Rscript make_raking.R [FOLDER]      (Debian 12: r-cran-survey) writes people.csv and weights.csv into raking/
# tests/test_raking.py compares. The simulated people are written by this script; the base weights are unequal.
suppressMessages(library(survey))
stopifnot(packageVersion("survey") == "4.1.1")
folder <- commandArgs(TRUE)
into <- file.path(if (length(folder)) folder[1] else ".", "raking")
dir.create(into, showWarnings = FALSE)

RNGkind("Mersenne-Twister", "Inversion", "Rejection")
set.seed(31)
n <- 300
people <- data.frame(gender = sample(c("man", "woman"), n, TRUE, c(0.35, 0.65)),
                     age = sample(c("young", "middle", "old"), n, TRUE, c(0.5, 0.3, 0.2)),
                     region = sample(c("east", "north", "south", "west"), n, TRUE), base = round(runif(n, 0.4, 2.5), 3))
write.csv(people, file.path(into, "people.csv"), row.names = FALSE, quote = FALSE)
people <- read.csv(file.path(into, "people.csv"), stringsAsFactors = TRUE)

N <- 10000
gender <- data.frame(gender = c("man", "woman"), Freq = N * c(0.52, 0.48))
age <- data.frame(age = c("middle", "old", "young"), Freq = N * c(0.40, 0.35, 0.25))
region <- data.frame(region = c("east", "north", "south", "west"), Freq = N * c(0.20, 0.10, 0.25, 0.45))
tight <- list(maxit = 200, epsilon = 1e-9)
raked <- function(weights) {
  design <- rake(svydesign(ids = ~1, weights = weights, data = people), list(~gender, ~age, ~region),
                 list(gender, age, region), control = tight)
  w <- weights(design); w / mean(w)
}
found <- data.frame(plain = raked(~1), weighted = raked(~base))
write.csv(format(found, digits = 12), file.path(into, "weights.csv"), row.names = FALSE, quote = FALSE)
