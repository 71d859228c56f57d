using System.IO;
using System.Linq;
using System.Xml;
using System.Xml.Linq;

namespace Build.Verbs;

/// <summary>What a run of the tests came to.</summary>
/// <param name="Complaint">What is wrong beyond failed tests: the runner died, or ran nothing.</param>
public sealed record TestReport(int Passed, int Failed, int Skipped, string? Complaint)
{
    public bool Succeeded => Failed == 0 && Passed > 0 && Complaint is null;

    public string ClosingLine => $"{Passed} passed, {Failed} failed" + (Skipped > 0 ? $", {Skipped} skipped" : "");

    /// <summary>Reads the runner's report; a runner that left none has failed, as one failure.</summary>
    public static TestReport Read(string file, int exitCode)
    {
        if (Load(file) is not { } document)
            return new TestReport(0, 1, 0, $"the test program died with exit code {exitCode} and left no report");

        int passed = Sum(document, "passed");
        int failed = Sum(document, "failed") + Sum(document, "errors");
        int skipped = Sum(document, "skipped");
        if (failed == 0 && exitCode != 0)
            return new TestReport(passed, 1, skipped, $"the test program exited {exitCode} although no test failed");
        return new TestReport(passed, failed, skipped, passed + failed == 0 ? "no test ran" : null);
    }

    private static XDocument? Load(string file)
    {
        try
        {
            return File.Exists(file) ? XDocument.Load(file) : null;
        }
        catch (XmlException)
        {
            return null;
        }
    }

    private static int Sum(XDocument document, string attribute) =>
        document.Descendants("assembly").Sum(a => (int?)a.Attribute(attribute) ?? 0);
}
