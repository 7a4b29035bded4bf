%% Binaries built: bytes and words appended to a growing binary, and small binaries made.
-module(bench_binbuild).
-export([main/0]).

main() -> bench_timer:run(fun(K) -> {grow(60000 * K, <<>>), small(60000 * K, 0), comp(40000 * K)} end).

grow(0, B) -> {byte_size(B), erlang:crc32(B)};
grow(N, B) -> grow(N - 1, <<B/binary, N:8, N:16/little, (N * 3):32>>).

small(0, Sum) -> Sum;
small(N, Sum) -> small(N - 1, Sum + byte_size(<<N:24, 1, (N rem 7):5, 3:3, "ab">>)).

comp(N) -> byte_size(<< <<(I band 255), I:16>> || I <- lists:seq(1, N) >>).
