using Build.Measurements;
using Xunit;

namespace Tests.Bench;

/// <summary>Only what is between the marks changes.</summary>
public sealed class MarkedSectionTests
{
    private const string Page = "before\n<!-- x -->\nold\nlines\n<!-- /x -->\nafter\n";

    [Fact]
    public void TheSectionIsReplaced() =>
        Assert.Equal("before\n<!-- x -->\nnew\n<!-- /x -->\nafter\n", MarkedSection.Replace(Page, "x", "new\n\n"));

    [Fact]
    public void TheSectionIsRead() => Assert.Equal("old\nlines", MarkedSection.Read(Page, "x"));

    [Theory]
    [InlineData("no marks")]
    [InlineData("<!-- x --> never ends")]
    [InlineData("<!-- /x --> the wrong way round <!-- x -->")]
    public void APageWithoutItIsRefused(string page)
    {
        Assert.Null(MarkedSection.Read(page, "x"));
        Assert.Null(MarkedSection.Replace(page, "x", "new"));
    }
}
