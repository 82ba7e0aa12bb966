/** The version of the client's package, with which the page was built. */
declare const PAGE_VERSION: string;
