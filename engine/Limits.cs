namespace Engine;

/// <summary>
/// Every ceiling on a loop or a size that a guest, or a glue layer, can influence. Nothing in the engine is bounded by a number
/// that does not stand here.
/// </summary>
public static class Limits
{
    /// <summary>Guests a process, declared ones included.</summary>
    public const int MaxGuests = 4096;

    /// <summary>vCPUs a guest. More than any hypervisor gives; a larger answer to CPU_COUNT is refused.</summary>
    public const int MaxVcpus = 4096;

    /// <summary>Ranges of declared memory a guest; looked up by a linear scan.</summary>
    public const int MaxMemoryRegions = 64;

    /// <summary>Pages a guest whose mappings by the glue are kept: 2 MiB of it. 16 bytes each.</summary>
    public const int MaxMappedPages = 512;

    /// <summary>Translations that are remembered for a vCPU, 128 bytes each; a power of two.</summary>
    public const int CachedTranslations = 256;

    /// <summary>Walks of page tables that an AddressSpaceWalk makes before it has to be asked anew: some milliseconds.</summary>
    public const int MaxWalksAtOnce = 1 << 16;

    /// <summary>Mappings that wait for the exits that may still read through them; above it, what is mapped is not kept.</summary>
    public const int MaxRetiredMappings = 64;

    /// <summary>Threads that may be in a guest's engine at once without a vCPU of theirs (devices, timer, interface calls).</summary>
    public const int MaxExternalThreads = 16;

    /// <summary>Bytes of the longest x86 instruction (SDM 2A, 2.3.11).</summary>
    public const int MaxInstructionLength = 15;

    /// <summary>Bytes of one store that an exit carries at most: an AVX-512 register.</summary>
    public const int MaxStoreBytes = 64;

    /// <summary>Bytes of an XSAVE area at most: all components up to AMX, and some to spare.</summary>
    public const int MaxXsaveBytes = 12 * 1024;

    /// <summary>Runs of adjacent bytes that one store consists of: the elements of a scatter, or the parts of an XSAVE area.
    /// </summary>
    public const int MaxStoreRuns = 32;

    /// <summary>Pieces of one store, each in one page and of at most MaxStoreBytes.</summary>
    public const int MaxStorePieces = (MaxXsaveBytes / MaxStoreBytes) + (2 * MaxStoreRuns);
    /// <summary>Memory operands that one instruction has: sixteen elements of a vector, and some to spare.</summary>
    public const int MaxMemoryOperands = 24;

    /// <summary>Pages of one operand that are looked at: more than any has that does not repeat.</summary>
    public const int MaxOperandPages = 64;

    /// <summary>Attempts to perform a store whose bytes another vCPU keeps changing; then the guest is entered again.</summary>
    public const int MaxStoreAttempts = 4;

    /// <summary>Iterations of a repeated instruction that one exit performs.</summary>
    public const int MaxIterationsPerExit = 64;

    /// <summary>Bytes of an interrupt descriptor table that are guarded at most: 256 gates of 16 bytes (SDM 3A, 6.14).</summary>
    public const int MaxIdtBytes = 256 * 16;

    /// <summary>Interrupt descriptor tables a guest that have been guarded since protection started. One more is not.</summary>
    public const int MaxIdtTables = 2 * MaxVcpus;

    /// <summary>Hooks a guest, removed ones that an exit may still read included. 40 bytes each, and 8 to 16 for the buckets.</summary>
    public const int MaxFrameHooks = 1 << 22;

    /// <summary>Hooks on one frame that an exit visits. Adding one more is refused.</summary>
    public const int MaxHooksPerFrame = 256;

    /// <summary>Levels of paging at most.</summary>
    public const int MaxPagingLevels = 5;

    /// <summary>Watches of translations a guest. 32 bytes each, and 48 for each page.</summary>
    public const int MaxTranslationWatches = 1 << 22;

    /// <summary>Watches of one page. Adding one more is refused.</summary>
    public const int MaxWatchesPerPage = 16;

    /// <summary>Steps of setting a watch: tables to hook and entries to read, and some for what other vCPUs change meanwhile.</summary>
    public const int MaxSetupSteps = 64;

    /// <summary>Watched pages whose translation one store may change; of a store to more, its effect counts as unknown.</summary>
    public const int MaxTranslationChanges = 512;

    /// <summary>Nodes and pages that are looked at for one store.</summary>
    public const int MaxTranslationVisits = 2048;

    /// <summary>Tables that one store may put in the place of others and that have to be hooked and read.</summary>
    public const int MaxTablesPerChange = 64;

    /// <summary>Bytes of a region of linear addresses that is hooked as a whole: 1 GiB.</summary>
    public const ulong MaxRegionLength = 1UL << 30;

    /// <summary>Page tables that one tick of the timer compares with what they are taken for.</summary>
    public const int TablesPerTick = 64;

    /// <summary>Milliseconds after which a store that is under judgement, and in the way of others, is given up.</summary>
    public const int TransactionMilliseconds = 1000;

    /// <summary>Frames whose rights one commit sets, besides those that were waiting when it began.</summary>
    public const int MaxFramesPerCommit = 4096;

    /// <summary>Polls of a thread that waits for another one's commit; then it leaves its changes to that one.</summary>
    public const int CommitPolls = 1000;

    /// <summary>Bytes of retired blocks that wait for the exits that may still read them; what can wait is put off above it.</summary>
    public const long MaxRetiredBytes = 16 * 1024 * 1024;

    /// <summary>Milliseconds after which an injection whose outcome was not told counts as lost: two ticks of the timer.</summary>
    public const int InjectionLostMilliseconds = 2000;

    /// <summary>Denied executions a guest whose #UD is pending; the oldest is forgotten for a new one, and may be reported twice then.
    /// </summary>
    public const int MaxPendingUds = 64;

    /// <summary>Reads of absent memory a guest that wait for its pages. One more is refused.</summary>
    public const int MaxSwapTransactions = 64;

    /// <summary>Bytes of one read of absent memory.</summary>
    public const int MaxSwapLength = 64 * 1024;

    /// <summary>Bytes that all waiting reads of a guest take.</summary>
    public const int MaxSwapBytes = 1024 * 1024;

    /// <summary>Pages of waiting reads that one exit looks at.</summary>
    public const int SwapPagesPerExit = 4;

    /// <summary>Pages of waiting reads that one tick of the timer looks at.</summary>
    public const int SwapPagesPerTick = 256;

    /// <summary>Page faults that are injected for one page before its read is given up.</summary>
    public const int MaxSwapAttempts = 16;

    /// <summary>Milliseconds of a tick of the timer after which no further job is begun.</summary>
    public const int TimerMilliseconds = 100;

    /// <summary>Regions a guest that are compared on the timer.</summary>
    public const int MaxIntegrityRegions = 4096;

    /// <summary>Bytes of one of them.</summary>
    public const int MaxIntegrityLength = 64 * 1024;

    /// <summary>Bytes of all of them, of which copies are kept.</summary>
    public const int MaxIntegrityBytes = 16 * 1024 * 1024;

    /// <summary>Bytes of them that one tick of the timer compares, and a region more at most.</summary>
    public const int IntegrityBytesPerTick = 1024 * 1024;

    /// <summary>Bytes that a region counts as at least, for what looking at it takes besides.</summary>
    public const int IntegrityBytesPerRegion = 1024;

    /// <summary>Polls of the claim cells before DisableIntro and its like answer that an exit is still running.</summary>
    public const int DrainPolls = 2000;

    /// <summary>The same in time, since a poll may give the processor away.</summary>
    public const int DrainMilliseconds = 50;

    /// <summary>Parts of an instruction's accesses, cut at the borders of pages, that an exit judges; what is beyond is left to the fail
    /// policy. Sixteen elements of a vector on two pages each, and some to spare.</summary>
    public const int MaxAccessPieces = 48;

    /// <summary>Exits in a row of a vCPU that are answered Retry for the same reason; then another answer has to be found.</summary>
    public const int MaxRetriesInRow = 8;

    /// <summary>Repairs of rights that a guest may cause in a burst, each with a flush for all of its vCPUs.</summary>
    public const int RightsRepairBurst = 64;

    /// <summary>Repairs of rights a second that a guest may cause once the burst is used up; then such accesses are judged each time.
    /// </summary>
    public const int RightsRepairsPerSecond = 16;

    /// <summary>Alerts, with their log lines, that a guest may cause in a burst.</summary>
    public const int AlertBurst = 256;

    /// <summary>Alerts a second that a guest may cause once the burst is used up; more are counted and dropped.</summary>
    public const int AlertsPerSecond = 64;

    /// <summary>Alerts about accesses that could not be judged that a guest may cause in a burst.</summary>
    public const int UnjudgedAlertBurst = 16;

    /// <summary>The same a second, once the burst is used up.</summary>
    public const int UnjudgedAlertsPerSecond = 1;

    /// <summary>Bytes of a log line, its end included; longer text is cut.</summary>
    public const int MaxLogLine = 480;

    /// <summary>Instructions of a page of code that a dump shows.</summary>
    public const int MaxDumpedInstructions = 256;

    /// <summary>Milliseconds from one dump of code and registers of a guest to the next; what is asked for in between is left out.
    /// </summary>
    public const int DumpMilliseconds = 1000;

    /// <summary>Words of a debugger's command.</summary>
    public const int MaxCommandWords = 8;

    /// <summary>Bytes of one of them, its NUL included.</summary>
    public const int MaxCommandWordBytes = 64;

    /// <summary>Log lines about faults inside the engine, a site and a process.</summary>
    public const int MaxFaultLines = 4;

    /// <summary>Bytes of a kernel's image: the window that Linux has for it.</summary>
    public const ulong MaxKernelImage = 1UL << 30;

    /// <summary>Bytes of a kernel's read-only data that are copied and searched. Kernels of distributions have 10 to 40 MiB.</summary>
    public const int MaxKernelRodata = 96 * 1024 * 1024;

    /// <summary>Bytes that are copied from the guest in one step of work.</summary>
    public const int CopiedBytesPerStep = 512 * 1024;

    /// <summary>Bytes that are searched in one step of work.</summary>
    public const int ScannedBytesPerStep = 1024 * 1024;

    /// <summary>Symbols of a kernel's image. Kernels of distributions have 90,000 to 250,000.</summary>
    public const int MaxSymbols = 1 << 20;

    /// <summary>Symbols that one step of work reads.</summary>
    public const int SymbolsPerStep = 8192;

    /// <summary>Bytes of a symbol's name: Linux has 511 (KSYM_NAME_LEN).</summary>
    public const int MaxSymbolName = 512;

    /// <summary>Symbols of one address that are looked at to choose one of them.</summary>
    public const int MaxSymbolAliases = 64;

    /// <summary>Names that a look-up compares. A kernel has some names a few dozen times; the rest is the guest's doing.</summary>
    public const int MaxNameChain = 4096;

    /// <summary>Bytes of one of the texts of which names are put together; seen are 23 at most.</summary>
    public const int MaxKallsymsToken = 130;

    /// <summary>Runs of digits that are looked at as parts of a table of tokens; seen are half a dozen.</summary>
    public const int MaxDigitRuns = 1024;

    /// <summary>Numbers of a run that may be markers: a kernel has 20,000 symbols or more, and a marker for 256.</summary>
    public const int MinKallsymsMarkers = 64;

    /// <summary>Runs that are tried as markers.</summary>
    public const int MaxMarkerRuns = 8;

    /// <summary>Places that are tried as the begin of the names.</summary>
    public const int MaxNamesCandidates = 64;

    /// <summary>Bytes of a kernel's types (BTF). Kernels of distributions have 4 to 12 MiB.</summary>
    public const int MaxBtfBytes = 64 * 1024 * 1024;

    /// <summary>Types of a kernel or a module. Kernels of distributions have 90,000 to 200,000.</summary>
    public const int MaxTypes = 1 << 20;

    /// <summary>Types that one step of work reads.</summary>
    public const int TypesPerStep = 16384;

    /// <summary>Types of a module's own base that one step of work looks for in the kernel's.</summary>
    public const int MappedTypesPerStep = 64;

    /// <summary>Headers of types that are looked at.</summary>
    public const int MaxBtfCandidates = 1024;

    /// <summary>Typedefs, qualifiers, anonymous structures and dimensions that are followed from one type.</summary>
    public const int MaxTypeDepth = 32;

    /// <summary>Members that a look-up compares, in all structures that it goes into.</summary>
    public const int MaxMembersVisited = 1 << 16;

    /// <summary>Runs of pages with the same rights in the window of a kernel's image; an honest one has a dozen.</summary>
    public const int MaxImageRuns = 4096;

    /// <summary>Bytes of the line by which a kernel introduces itself.</summary>
    public const int MaxBanner = 512;

    /// <summary>Texts in one step of work that look like the begin of that line.</summary>
    public const int MaxBanners = 64;

    /// <summary>Notes of a kernel that are looked at.</summary>
    public const int MaxNotes = 256;

    /// <summary>Bytes of a kernel's notes.</summary>
    public const int MaxNotesBytes = 64 * 1024;

    /// <summary>Bytes of the text that a kernel keeps for crash dumps: a page.</summary>
    public const int MaxCrashText = 4096;

    /// <summary>Lines of it.</summary>
    public const int MaxCrashLines = 512;

    /// <summary>Milliseconds of a slice of long work after which it stops at the next step. The longest steps take a few.</summary>
    public const int SliceMilliseconds = 8;

    /// <summary>Ticks of the timer that pass at most before a kernel is looked for again.</summary>
    public const int MaxDetectionPause = 64;

    /// <summary>Symbols of one name that an answer lists.</summary>
    public const int MaxAnsweredSymbols = 256;

    /// <summary>Parameters of a function that an answer lists.</summary>
    public const int MaxAnsweredParameters = 64;

    /// <summary>Symbols that a kernel's image has at least (spec/33, 2.4).</summary>
    public const int MinKernelSymbols = 20_000;

    /// <summary>Tasks of a guest that a walk visits.</summary>
    public const int MaxTasks = 1 << 17;

    /// <summary>Modules of a guest that a walk visits.</summary>
    public const int MaxModules = 4096;

    /// <summary>Ranges of a process's memory that a walk visits; Linux allows 65,530 (max_map_count).</summary>
    public const int MaxAreas = 1 << 17;

    /// <summary>Levels of a tree of ranges; honest ones have less than six.</summary>
    public const int MaxMapleDepth = 16;

    /// <summary>Nodes of such a tree that a walk visits: one may be named many times.</summary>
    public const int MaxMapleNodes = 1 << 15;

    /// <summary>Times that a list is read which the guest changes meanwhile.</summary>
    public const int MaxWalkAttempts = 3;

    /// <summary>Bytes of a path.</summary>
    public const int MaxPath = 4096;

    /// <summary>Directory entries and mounts of a path.</summary>
    public const int MaxPathSteps = 1024;

    /// <summary>Bytes of a command line that are read.</summary>
    public const int MaxCommandLine = 4096;
}
