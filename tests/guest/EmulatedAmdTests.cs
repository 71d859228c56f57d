using Tests.Linux;
using Xunit;

namespace Tests.Guest;

/// <summary>The KVM glue on the real KVM, with nested paging and with shadow paging.</summary>
[Collection(GuestCollection.Name)]
public sealed class EmulatedAmdTests
{
    [Theory]
    [InlineData("1")]
    [InlineData("0")]
    public void IntrovmHoldsOnKvm(string npt) => KvmReport.AssertGood(EmulatedAmd.With(npt));
}
