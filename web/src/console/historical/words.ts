/** Ages that are offered, in minutes: an hour, a day, a month, a quarter, a year. */
export const ages = [60, 1_440, 43_200, 129_600, 525_600] as const
