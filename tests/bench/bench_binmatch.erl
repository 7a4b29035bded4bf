%% Binaries matched: byte by byte, by fields, by code points, and taken apart into sub-binaries.
-module(bench_binmatch).
-export([main/0]).

main() ->
    bench_timer:run(fun(K) ->
        B = binary:copy(<<"GET /index.html HTTP/1.1 \xc3\xa9\r\n">>, 3000 * K),
        {bytes(B, 0), fields(B, 0), words(B, 0, 0, B, 0), length(chars(binary:part(B, 0, 29 * 300 * K), []))}
    end).

bytes(<<C, Rest/binary>>, Sum) -> bytes(Rest, (Sum + C) band 16#FFFFFF);
bytes(<<>>, Sum) -> Sum.

fields(<<A:16, B:8/signed, C:32/little, Rest/binary>>, Sum) -> fields(Rest, (Sum + A - B + C) band 16#FFFFFF);
fields(Rest, Sum) -> {Sum, byte_size(Rest)}.

words(B, At, Start, <<$\s, Rest/binary>>, N) ->
    <<_:Start/binary, Word:(At - Start)/binary, _/binary>> = B,
    words(B, At + 1, At + 1, Rest, N + byte_size(Word));
words(B, At, Start, <<_, Rest/binary>>, N) -> words(B, At + 1, Start, Rest, N);
words(_, _, _, <<>>, N) -> N.

chars(<<C/utf8, Rest/binary>>, Acc) -> chars(Rest, [C | Acc]);
chars(<<>>, Acc) -> Acc.
