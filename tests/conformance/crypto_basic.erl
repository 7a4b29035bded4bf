%% crypto: hashes, HMAC, PBKDF2, AES and ChaCha20, AEAD, and what it says of bad arguments.
-module(crypto_basic).
-export([main/0]).

main() ->
    D = data(1000),
    Hashes = [md5, sha, sha224, sha256, sha384, sha512, sha3_224, sha3_256, sha3_384, sha3_512],
    [io:format("~p ~s ~s ~kp~n", [H, hex(crypto:hash(H, "abc")), hex(crypto:hash(H, D)), lists:sort(maps:to_list(crypto:hash_info(H)))]) || H <- Hashes],
    [io:format("~p ~p~n", [H, pieces(H, D) =:= crypto:hash(H, D)]) || H <- Hashes],
    S0 = crypto:hash_update(crypto:hash_init(sha256), "one"),
    io:format("~p~n", [[crypto:hash_final(crypto:hash_update(S0, X)) =:= crypto:hash(sha256, ["one", X]) || X <- ["two", "three"]]]),
    [io:format("hmac ~p ~p ~s~n", [H, byte_size(K), hex(crypto:mac(hmac, H, K, D))]) || H <- Hashes, K <- [<<>>, <<"key">>, D]],
    [io:format("~p~n", [mac_pieces(H, D) =:= crypto:mac(hmac, H, "key", D)]) || H <- Hashes],
    io:format("~s~n", [hex(crypto:macN(hmac, sha256, "key", D, 10))]),
    [io:format("pbkdf2 ~p ~s~n", [H, hex(crypto:pbkdf2_hmac(H, <<"password">>, <<"salt">>, N, L))]) || {H, N, L} <- [{sha, 2, 20}, {sha256, 4096, 40}, {sha512, 3, 100}]],
    ciphers(D),
    aead(D),
    io:format("~p ~p~n", [crypto:hash_equals(<<"ab">>, <<"ab">>), crypto:hash_equals(<<"ab">>, <<"ac">>)]),
    io:format("~p ~p~n", [crypto:exor("abc", <<1, 2, 3>>), crypto:mod_pow(3, 1000, 1000007)]),
    io:format("~p ~p~n", [byte_size(crypto:strong_rand_bytes(100)), crypto:strong_rand_bytes(0)]),
    io:format("~p~n", [crypto:strong_rand_bytes(16) =/= crypto:strong_rand_bytes(16)]),
    S = crypto:rand_seed_s(),
    io:format("~p~n", [lists:all(fun(_) -> {N, _} = rand:uniform_s(10, S), N >= 1 andalso N =< 10 end, lists:seq(1, 50))]),
    [io:format("~p: ~p~n", [N, try_(F)]) || {N, F} <- faults()],
    ok.

data(N) -> << <<(I * I rem 251)>> || I <- lists:seq(1, N) >>.
hex(B) -> string:lowercase(binary:encode_hex(B)).

pieces(H, D) ->
    S = lists:foldl(fun(N, S) -> crypto:hash_update(S, binary:part(D, N, 100)) end, crypto:hash_init(H), lists:seq(0, 900, 100)),
    crypto:hash_final(S).

mac_pieces(H, D) ->
    S = lists:foldl(fun(N, S) -> crypto:mac_update(S, binary:part(D, N, 100)) end, crypto:mac_init(hmac, H, "key"), lists:seq(0, 900, 100)),
    crypto:mac_final(S).

ciphers(D) ->
    [begin
         #{key_length := K, iv_length := I} = Info = crypto:cipher_info(C),
         Key = data(K), IV = data(I),
         Text = binary:part(D, 0, 160),
         One = crypto:crypto_one_time(C, Key, IV, Text, true),
         Back = crypto:crypto_one_time(C, Key, IV, One, false),
         St = crypto:crypto_init(C, Key, IV, true),
         Parts = [crypto:crypto_update(St, binary:part(Text, A, B)) || {A, B} <- [{0, 1}, {1, 30}, {31, 33}, {64, 0}, {64, 96}]],
         Last = crypto:crypto_final(St),
         io:format("~p ~s ~p ~p~n", [C, hex(One), Back =:= Text, iolist_to_binary([Parts, Last]) =:= One]),
         io:format("~p ~p~n", [lists:sort(maps:to_list(Info)), lists:sort(maps:to_list(crypto:crypto_get_data(St)))])
     end || C <- [aes_128_ecb, aes_192_ecb, aes_256_ecb, aes_128_cbc, aes_192_cbc, aes_256_cbc, aes_128_ctr, aes_192_ctr, aes_256_ctr, chacha20]],
    [begin
         Text = binary:part(D, 0, N),
         E = try_(fun() -> crypto:crypto_one_time(aes_128_cbc, data(16), data(16), Text, [{encrypt, true}, {padding, P}]) end),
         B = try_(fun() -> crypto:crypto_one_time(aes_128_cbc, data(16), data(16), E, [{encrypt, false}, {padding, P}]) end),
         io:format("~p ~p ~p ~p~n", [P, N, E, B =:= Text])
     end || P <- [none, pkcs_padding, zero], N <- [0, 5, 16, 31, 32], not (P =:= zero andalso N rem 16 > 0)],
    io:format("~s~n", [hex(crypto:crypto_one_time(aes_cbc, data(32), data(16), data(32), true))]).

aead(D) ->
    [begin
         {Text, Tag} = crypto:crypto_one_time_aead(C, data(K), data(12), D, "aad", L, true),
         Ok = crypto:crypto_one_time_aead(C, data(K), data(12), Text, "aad", Tag, false) =:= D,
         <<X, T/binary>> = Tag,
         Bad = [crypto:crypto_one_time_aead(C, data(K), data(12), Text, A, G, false) || {A, G} <- [{"aax", Tag}, {"aad", <<(X bxor 1), T/binary>>}]],
         io:format("~p ~p ~s ~s ~p ~p~n", [C, L, hex(crypto:hash(sha, Text)), hex(Tag), Ok, Bad])
     end || {C, K} <- [{aes_128_gcm, 16}, {aes_192_gcm, 24}, {aes_256_gcm, 32}, {chacha20_poly1305, 32}], L <- [16, 12]],
    {<<>>, Tag} = crypto:crypto_one_time_aead(aes_256_gcm, data(32), data(12), <<>>, <<>>, true),
    io:format("~s~n", [hex(Tag)]).

faults() ->
    K = data(16),
    [{hash_name, fun() -> crypto:hash(foo, "a") end}, {hash_data, fun() -> crypto:hash(sha, [a]) end}, {hash_init, fun() -> crypto:hash_init(foo) end},
     {hmac_name, fun() -> crypto:mac(hmac, foo, "k", "d") end}, {mac_name, fun() -> crypto:mac(foo, sha, "k", "d") end},
     {iv, fun() -> crypto:crypto_one_time(aes_128_cbc, K, <<1>>, "abc", true) end}, {key, fun() -> crypto:crypto_one_time(aes_128_cbc, <<1>>, K, "abc", true) end},
     {unfilled, fun() -> crypto:crypto_one_time(aes_128_cbc, K, K, "abc", true) end}, {cipher, fun() -> crypto:crypto_one_time(foo, K, K, "abc", true) end},
     {aead_key, fun() -> crypto:crypto_one_time_aead(aes_128_gcm, <<1>>, data(12), "abc", "aad", true) end},
     {equals, fun() -> crypto:hash_equals(<<1>>, <<1, 2>>) end}, {exor, fun() -> crypto:exor(<<1>>, <<1, 2>>) end},
     {pbkdf2, fun() -> crypto:pbkdf2_hmac(foo, "a", "b", 1, 20) end},
     {pbkdf2_list, fun() -> crypto:pbkdf2_hmac(sha, "a", <<"b">>, 1, 20) end}, {pbkdf2_salt, fun() -> crypto:pbkdf2_hmac(sha, <<"a">>, "b", 1, 20) end}, {hash_info, fun() -> crypto:hash_info(foo) end},
     {cipher_info, fun() -> crypto:cipher_info(foo) end}, {rand, fun() -> crypto:strong_rand_bytes(-1) end},
     {bad_padding, fun() -> crypto:crypto_one_time(aes_128_cbc, K, K, data(16), [{encrypt, false}, {padding, pkcs_padding}]) end}].

%% Without the line of OTP's C source.
try_(F) ->
    try F()
    catch
        C:{R, {File, _}, Text} -> {C, {R, File, Text}};
        C:R -> {C, R}
    end.
