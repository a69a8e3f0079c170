# Relative weights of correlated predictors by another road than the package's: from regressions on the
# predictors' nearest orthogonal stand-ins, row by row.
#   Rscript make_importance.R [FOLDER]     writes people.csv and importance.json into importance/
# tests/test_drivers.py compares.
suppressMessages(library(jsonlite))
folder <- commandArgs(TRUE)
into <- file.path(if (length(folder)) folder[1] else ".", "importance")
dir.create(into, showWarnings = FALSE)

RNGkind("Mersenne-Twister", "Inversion", "Rejection")
set.seed(57)
n <- 250
common <- rnorm(n)
X <- sapply(c(0.8, 0.7, 0.6, 0.5, 0.2), function(a) round(a * common + sqrt(1 - a^2) * rnorm(n), 3))
colnames(X) <- paste0("x", 1:5)
people <- data.frame(X, y = round(X %*% c(0.4, 0.3, 0.1, 0, -0.2) + rnorm(n), 3))
write.csv(people, file.path(into, "people.csv"), row.names = FALSE, quote = FALSE)
people <- read.csv(file.path(into, "people.csv"))

Z <- scale(as.matrix(people[paste0("x", 1:5)])); y <- as.numeric(scale(people$y))
parts <- svd(Z)                                      # Z = U D V': the nearest orthonormal columns are U V'
stand_in <- parts$u %*% t(parts$v) * sqrt(n - 1)
on_y <- coef(lm(y ~ stand_in - 1))                   # the outcome by the stand-ins, the predictors by them too
of_x <- sapply(1:5, function(j) coef(lm(Z[, j] ~ stand_in - 1)))
weights <- as.numeric(t(of_x^2) %*% on_y^2)

r2 <- summary(lm(y ~ Z))$r.squared
write(toJSON(list(relative_weights = weights, r2 = r2), digits = 12, auto_unbox = TRUE, pretty = TRUE),
      file.path(into, "importance.json"))
