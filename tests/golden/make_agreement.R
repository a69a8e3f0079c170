# Agreement within groups and differences between them, by R's multilevel and psych packages.
#   Rscript make_agreement.R [FOLDER]   (Debian 12: r-cran-multilevel r-cran-psych) writes into agreement/
# tests/test_agreement.py compares. The simulated people are written by this script.
suppressMessages({library(multilevel); library(psych); library(nlme); library(jsonlite)})
stopifnot(packageVersion("multilevel") == "2.7", packageVersion("psych") == "2.2.9")
folder <- commandArgs(TRUE)
into <- file.path(if (length(folder)) folder[1] else ".", "agreement")
dir.create(into, showWarnings = FALSE)

RNGkind("Mersenne-Twister", "Inversion", "Rejection")
set.seed(44)
draw <- function(sizes) {
  unit <- rep(sprintf("u%02d", seq_along(sizes)), sizes)
  level <- rnorm(length(sizes), 0, 0.5)[as.integer(factor(unit))]
  people <- data.frame(unit)
  for (k in 1:4) people[[paste0("i", k)]] <- pmin(pmax(round(4.7 + level + rnorm(nrow(people), 0, 1.1)), 1), 7)
  people
}
write.csv(draw(c(6, 9, 12, 7, 15, 22, 8, 5, 11, 30)), file.path(into, "unequal.csv"), row.names = FALSE, quote = FALSE)
write.csv(draw(rep(8, 12)), file.path(into, "equal.csv"), row.names = FALSE, quote = FALSE)

items <- paste0("i", 1:4)
of <- function(name) {
  people <- read.csv(file.path(into, paste0(name, ".csv")), stringsAsFactors = TRUE)
  people$score <- rowMeans(people[items])
  model <- aov(score ~ unit, data = people)
  agree <- rwg.j.lindell(people[items], people$unit, ranvar = (7^2 - 1) / 12)
  mixed <- lme(score ~ 1, random = ~1 | unit, data = people, method = "REML")
  found <- list(icc1 = ICC1(model), icc2 = ICC2(model), f = summary(model)[[1]]$F[1],
                pvalue = summary(model)[[1]]$`Pr(>F)`[1], rwg = setNames(agree$rwg.lindell, agree$grpid),
                shrunken = setNames(coef(mixed)[[1]], rownames(coef(mixed))))
  if (name == "equal") {                    # a row a unit, a column a person: the one-way ICC with its exact interval
    wide <- do.call(rbind, split(people$score, people$unit))
    one <- ICC(wide, lmer = FALSE)$results[1, ]
    found$interval <- c(one$`lower bound`, one$`upper bound`)
  }
  found
}
write(toJSON(list(unequal = of("unequal"), equal = of("equal")), digits = 12, auto_unbox = TRUE, pretty = TRUE),
      file.path(into, "agreement.json"))
